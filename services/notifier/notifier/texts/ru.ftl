## Уведомления: заголовок и строки текста

link-requested =
    .title = { $center } просит доступ
    .text = { $center } просит доступ к автомобилю { $car }:
link-reminder =
    .title = { $center } всё ещё ждёт вашего ответа
    .text = { $center } просит доступ к автомобилю { $car }:
link-scope-odometer = видеть и записывать пробег
link-scope-history-read = читать историю обслуживания
link-scope-create-visit = открывать заказ-наряды
link-expires = Доступ закончится { $until }.

estimate-sent =
    .title = Смета: { $car }
    .text =
        { $jobs ->
            [one] { $center } предлагает { $jobs } работу по заказ-наряду № { $number }:
            [few] { $center } предлагает { $jobs } работы по заказ-наряду № { $number }:
           *[other] { $center } предлагает { $jobs } работ по заказ-наряду № { $number }:
        }
estimate-reminder =
    .title = Смета всё ещё ждёт вашего решения: { $car }
    .text =
        { $jobs ->
            [one] { $center } предлагает { $jobs } работу по заказ-наряду № { $number }:
            [few] { $center } предлагает { $jobs } работы по заказ-наряду № { $number }:
           *[other] { $center } предлагает { $jobs } работ по заказ-наряду № { $number }:
        }
estimate-job = { $place }. { $title } — { $amount }
estimate-more-jobs =
    { $jobs ->
        [one] … и ещё { $jobs } работа
        [few] … и ещё { $jobs } работы
       *[other] … и ещё { $jobs } работ
    }
estimate-total = Итого: { $amount }
estimate-valid-until = Действует до { $until }.

consent-recorded =
    .title = Записано ваше решение: { $car }
    .text =
        { $channel ->
            [phone] { $center } записал ваше решение по телефону, заказ-наряд № { $number }:
            [in_person] { $center } записал ваше решение при встрече, заказ-наряд № { $number }:
           *[message] { $center } записал ваше решение из переписки, заказ-наряд № { $number }:
        }
consent-objection = Если вы этого не говорили, возразите в течение 14 дней.

work-order-completed =
    .title = { $car }: работы завершены
    .text = { $center } завершил заказ-наряд № { $number }.
completed-total = Итого: { $amount }
completed-odometer = Пробег: { $reading }
next-service-by-distance = Следующее обслуживание: при пробеге { $distance }
next-service-by-date = Следующее обслуживание: { $date }
next-service-by-both = Следующее обслуживание: при пробеге { $distance } или { $date }, смотря что наступит раньше

work-order-cancelled =
    .title = { $car }: заказ-наряд отменён
    .text = { $center } отменил заказ-наряд № { $number }.
reason = Причина: { $reason }

car-transferred =
    .title = { $car }: новый владелец
    .text = Ваше предложение принято. Общий доступ и доступ сервисов прекращены. Ваши записи остались у вас, только для чтения.
car-identity-decided =
    .title =
        { $outcome ->
            [confirmed] { $car }: номер подтверждён
           *[rejected] { $car }: номер отклонён
        }
    .text =
        { $outcome ->
            [confirmed] Модератор подтвердил VIN или номер кузова вашего автомобиля.
           *[rejected] Модератор решил, что этот VIN или номер кузова принадлежит другому автомобилю. Укажите верный номер в CarPass.
        }
odometer-stale =
    .title = { $car }: какой сейчас пробег?
    .text = Последний пробег, который мы знаем: { $reading }, { $date }. По нему считаются сроки обслуживания и расходы.
odometer-stale-answer = Откройте CarPass и запишите, что показывает одометр: достаточно одной записи, подойдёт и заправка с пробегом. Это не срочно: спрашиваем не чаще раза в 30 дней.
recommendation-opened =
    .title = Рекомендация: { $title }
    .text = Новая рекомендация: { $car }.
recommendation-due =
    .title =
        { $status ->
            [overdue] Просрочено: { $title }
           *[due] Пора: { $title }
        }
    .text =
        { $status ->
            [overdue] Обслуживание просрочено: { $car }.
           *[due] Пора на обслуживание: { $car }.
        }
due-by-distance = Срок: при пробеге { $distance }
due-by-date = Срок: { $date }
due-by-both = Срок: при пробеге { $distance } или { $date }, смотря что наступит раньше
your-car = ваш автомобиль

center-verification-changed =
    .title = Проверка сервиса { $center }
    .text =
        { $status ->
            [draft] Заявка возвращена в черновики.
            [submitted] Заявка отправлена.
            [in_review] Модератор рассматривает заявку.
            [information_requested] Модератор просит дополнительные сведения.
            [approved] Сервис проверен: завершённые заказ-наряды теперь подтверждаются.
            [rejected] Заявка отклонена.
           *[suspended] Подтверждение приостановлено: завершать заказ-наряды пока нельзя.
        }

## Кнопки и что из них вышло

button-approve = ✅ Согласиться
button-decline = ❌ Отказаться
button-approve-all = ✅ Согласиться на всё
button-decline-all = ❌ Отказаться от всего
button-approve-one = ✅ { $place }
button-decline-one = ❌ { $place }

outcome-approved = ✅ Вы одобрили: { $when }
outcome-declined = ❌ Вы отклонили: { $when }
outcome-partly = Вы решили: { $when }
outcome-staff = Записано сервисом: { $when }
outcome-closed = Решать здесь больше нечего.

press-approved = Одобрено.
press-declined = Отклонено.
press-already-decided = Решение уже принято.
press-try-again = CarPass сейчас не отвечает. Ничего не потеряно: нажмите ещё раз через минуту.
press-not-now = Сейчас это невозможно. Посмотрите, пожалуйста, в CarPass.
press-not-yours = Это сообщение адресовано не этому аккаунту.
press-out-of-date = Эта кнопка устарела.

## Слова самого бота

bot-help =
    Я бот CarPass. Сообщаю о сметах, завершённых работах и обслуживании ваших автомобилей; отвечать можно кнопками под сообщением.

    /start — подключить этот чат (откройте ссылку из настроек CarPass)
    /help — эта подсказка
bot-welcome = Добро пожаловать в CarPass! Чтобы подключить этот чат, откройте настройки CarPass, выберите Telegram и перейдите по показанной ссылке.
bot-welcome-back = Этот чат подключён к вашему аккаунту CarPass. Я напишу, когда будут новости.
bot-linked = Готово: чат подключён к вашему аккаунту CarPass. Сметы и новости будут приходить сюда.
bot-link-used = Эта ссылка уже использована. Если нужно, получите новую в настройках CarPass.
bot-link-expired = Эта ссылка старше десяти минут. Получите новую в настройках CarPass.
bot-link-unknown = Эта ссылка мне незнакома. Получите новую в настройках CarPass.
bot-link-foreign = Эта ссылка принадлежит другому аккаунту CarPass. Откройте её из того Telegram, через который вы входите.
bot-try-again = CarPass сейчас не отвечает. Попробуйте ещё раз через минуту.
bot-private-only = Пожалуйста, напишите мне в личный чат.
bot-unknown = Не понимаю. /help покажет, что я умею.
