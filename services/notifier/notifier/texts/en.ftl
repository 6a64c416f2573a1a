## Notifications: a title, and lines of text

link-requested =
    .title = { $center } asks for access
    .text = { $center } asks for access to { $car }:
link-reminder =
    .title = { $center } still waits for your answer
    .text = { $center } asks for access to { $car }:
link-scope-odometer = see and record the odometer
link-scope-history-read = read the service history
link-scope-create-visit = open work orders
link-expires = The access would end on { $until }.

estimate-sent =
    .title = An estimate for { $car }
    .text =
        { $jobs ->
            [one] { $center } offers one job on order No. { $number }:
           *[other] { $center } offers { $jobs } jobs on order No. { $number }:
        }
estimate-reminder =
    .title = The estimate for { $car } still waits for you
    .text =
        { $jobs ->
            [one] { $center } offers one job on order No. { $number }:
           *[other] { $center } offers { $jobs } jobs on order No. { $number }:
        }
estimate-job = { $place }. { $title } — { $amount }
estimate-more-jobs =
    { $jobs ->
        [one] … and one more job
       *[other] … and { $jobs } more jobs
    }
estimate-total = Total: { $amount }
estimate-valid-until = Valid until { $until }.

consent-recorded =
    .title = Your decision on { $car } was recorded
    .text =
        { $channel ->
            [phone] { $center } recorded that you decided by phone on order No. { $number }:
            [in_person] { $center } recorded that you decided in person on order No. { $number }:
           *[message] { $center } recorded that you decided by message on order No. { $number }:
        }
consent-objection = If this is not what you said, object within 14 days.

work-order-completed =
    .title = { $car } is ready
    .text = { $center } completed order No. { $number }.
completed-total = Total: { $amount }
completed-odometer = Odometer: { $reading }
next-service-by-distance = Next service at { $distance }
next-service-by-date = Next service on { $date }
next-service-by-both = Next service at { $distance } or on { $date }, whichever comes first

work-order-cancelled =
    .title = The order for { $car } was cancelled
    .text = { $center } cancelled order No. { $number }.
reason = Reason: { $reason }

car-transferred =
    .title = { $car } has a new owner
    .text = Your offer was accepted. Shares and access of service centers have ended. Your own records stay with you, to be read.
car-identity-decided =
    .title =
        { $outcome ->
            [confirmed] The identity of { $car } is confirmed
           *[rejected] The identity of { $car } was rejected
        }
    .text =
        { $outcome ->
            [confirmed] A moderator confirmed the VIN or frame number of your car.
           *[rejected] A moderator decided that this VIN or frame number belongs to another car. Please type the right one in CarPass.
        }
odometer-stale =
    .title = What does the odometer of { $car } show now?
    .text = The last reading that we know is { $reading }, of { $date }. What is due and what the car costs is counted from it.
odometer-stale-answer = Open CarPass and enter what the odometer shows: one reading is enough, and a fill with its reading counts too. There is no hurry: you are asked at most once in 30 days.
recommendation-opened =
    .title = Recommended: { $title }
    .text = A new recommendation for { $car }.
recommendation-due =
    .title =
        { $status ->
            [overdue] Overdue: { $title }
           *[due] Due: { $title }
        }
    .text =
        { $status ->
            [overdue] The maintenance of { $car } is overdue.
           *[due] The maintenance of { $car } is due.
        }
due-by-distance = Due at { $distance }
due-by-date = Due on { $date }
due-by-both = Due at { $distance } or on { $date }, whichever comes first
your-car = your car

center-verification-changed =
    .title = The verification of { $center }
    .text =
        { $status ->
            [draft] The application was returned to draft.
            [submitted] The application was submitted.
            [in_review] A moderator is looking at the application.
            [information_requested] A moderator asks for more information.
            [approved] The center is verified: its completed work orders are attested from now on.
            [rejected] The application was rejected.
           *[suspended] The verification is suspended: no work order can be completed until it is restored.
        }

## Buttons, and what became of them

button-approve = ✅ Approve
button-decline = ❌ Decline
button-approve-all = ✅ Approve all
button-decline-all = ❌ Decline all
button-approve-one = ✅ { $place }
button-decline-one = ❌ { $place }

outcome-approved = ✅ Approved by you: { $when }
outcome-declined = ❌ Declined by you: { $when }
outcome-partly = Decided by you: { $when }
outcome-staff = Recorded by the service center: { $when }
outcome-closed = This can no longer be decided.

press-approved = Approved.
press-declined = Declined.
press-already-decided = Already decided.
press-try-again = CarPass does not answer right now. Nothing is lost: press again in a minute.
press-not-now = This is not possible now. Please look at it in CarPass.
press-not-yours = This message was not meant for this account.
press-out-of-date = This button is out of date.

## The bot's own words

bot-help =
    I am the CarPass bot. I tell you about estimates, finished work and maintenance of your cars, and you can answer with the buttons under a message.

    /start — connect this chat (open the link from the settings in CarPass)
    /help — this text
bot-welcome = Welcome to CarPass! To connect this chat, open the settings in CarPass, choose Telegram and follow the link shown there.
bot-welcome-back = This chat is connected to your CarPass account. You will hear from me when there is news.
bot-linked = Done: this chat is connected to your CarPass account. You will get estimates and news here.
bot-link-used = This link was used already. Ask for a new one in the CarPass settings if you need it.
bot-link-expired = This link is older than ten minutes. Ask for a new one in the CarPass settings.
bot-link-unknown = I do not know this link. Ask for a new one in the CarPass settings.
bot-link-foreign = This link belongs to another CarPass account. Open it from the Telegram account that you sign in with.
bot-try-again = CarPass does not answer right now. Please try again in a minute.
bot-private-only = Please write to me in a private chat.
bot-unknown = I do not understand that. /help shows what I can do.
