# Everything that people read on the pages, in English.

## Every page

error-summary = There is a problem
secured-by = Secured by Cardea
language = Language
skip = Skip to the form
show-details = Details
request-id = Request ID

## Logging in

login-title = Welcome back
login-lead = Log in to { $tenant } to continue to { $app }.
login-lead-plain = Log in to { $tenant }.
password-title = Enter your password
identifier = Email address
identifier-or-username = Email address or username
username = Username
email = Email address
password = Password
continue = Continue
log-in = Log in
forgot-password = Forgot your password?
no-account = No account yet?
sign-up = Sign up
not-you = Not you?
change-identifier = Change
error-credentials = Wrong email address or password.
error-identifier-missing = Enter your email address.
error-identifier-long = This is too long to be an email address.
error-password-missing = Enter your password.
error-blocked-login = Too many wrong passwords. Wait a while and try again, or reset your password.
error-blocked-user = This account is blocked. Ask whoever looks after it.
error-busy = Too many people are logging in right now. Try again in a moment.
error-form = The form was not complete. Try again.

## Signing up

signup-title = Create your account
signup-lead = Sign up at { $tenant } to continue to { $app }.
have-account = You have an account already?
error-email = Enter an email address such as name@example.com.
error-username = Enter a username.
error-signup = This account cannot be made. If you have one already, log in.
error-password-weak = This password is easy to guess. Choose a longer or less common one.
error-password-common = This password is among those that are tried first. Choose another one.
error-password-personal = This password holds something that is known about you. Choose another one.
error-password-reused = You had this password before. Choose another one.
error-password-long = This password is too long.
error-too-many = Too many tries. Wait a while and try again.
error-password-leaked = This password is known from a data breach. Choose another one.
password-length =
    { $count ->
        [one] Use at least one character.
       *[other] Use at least { $count } characters.
    }
password-kinds = Use all of these: { $kinds }.
password-some-kinds = Use at least { $count } of these: { $kinds }.
password-runs = Use no character more than twice in a row.
password-sequences = Use no sequences such as abc or 321.
password-advice = A few unrelated words are easy to remember and hard to guess.
kind-lower = lower case letters
kind-upper = upper case letters
kind-digit = digits
kind-special = special characters

## Consent

consent-title = Allow access?
consent-lead = { $app } wants to use your account at { $tenant }.
consent-as = You are logged in as { $user }.
consent-will = { $app } would be able to:
consent-unverified = { $app } is not run by { $tenant }. Allow this only if you know and trust it.
consent-goes-to = You will be sent to { $host }.
consent-profile = Know who you are: name and picture
consent-openid = Recognise you when you come back
consent-email = See your email address
consent-phone = See your phone number
consent-address = See your postal address
consent-offline = Keep this access while you are not using it
consent-group = { $resource }: { $actions }
confirm-title = Log in to { $app }?
confirm-lead = An application on this device wants to log you in.
allow = Allow
deny = Deny

## Logging out

logout-title = Log out?
logout-lead = You are logged in as { $user } at { $tenant }.
logout-lead-plain = Do you want to log out of { $tenant }?
log-out = Log out
stay = Stay logged in
logged-out-title = You are logged out
logged-out-lead = You can close this page.
logout-kept-title = You are still logged in
logout-kept-lead = Nothing has changed. You can close this page.

## Connecting a device

device-title = Connect a device
device-lead = Enter the code that your device shows.
device-code = Code
device-code-hint = For example ABCD-EFGH. Dashes and case do not matter.
device-confirm-title = Is this your device?
device-confirm-lead = Check that your device shows this code:
device-confirm-warning = Go on only if you have this device in front of you and started this yourself.
device-confirm-app = { $app } will get access to your account.
confirm = Confirm
cancel = Cancel
device-done-title = Your device is connected
device-done-lead = Go back to your device. You can close this page.
device-denied-title = Your device is not connected
device-denied-lead = You did not allow it. You can close this page.
error-code-missing = Enter the code.
error-code = This code does not exist, or it is too old. Check it, or ask your device for a new one.

## A forgotten password

reset-title = Reset your password
reset-lead = Enter your email address, and we send you a link.
reset-send = Send the link
reset-sent-title = Look at your mail
reset-sent-lead = If there is an account for { $email }, a link is on its way. It can be used once.
back-to-login = Back to login
change-title = Choose a new password
change-lead = For { $email } at { $tenant }.
new-password = New password
new-password-again = New password again
change-save = Save the password
change-done-title = Your password is changed
change-done-lead = Log in with the new one. You have been logged out everywhere else.
error-mismatch = The two passwords are not the same.
ticket-gone-title = This link no longer works
ticket-gone-lead = It was used before, or it is too old. Ask for a new one.

## Email verification

verified-title = Your email address is confirmed
verified-lead = Thank you. You can close this page.
verify-title = Confirm your email address
verify-lead = Press the button to confirm { $email }.

## A blocked account

unblock-title = Unblock your account
unblock-lead = Press the button to unblock { $email }.
unblocked-title = Your account is no longer blocked
unblocked-lead = You can log in again.

## Errors

error-title = This did not work
error-lead = Go back to the application and try again. If it happens again, tell whoever looks after it.
error-denied-title = You did not allow it
error-denied-lead = The application was given nothing. You can close this page.
error-expired-title = This login is too old
error-expired-lead = It was finished elsewhere, or it took too long. Start again from the application.
error-other-browser-title = This login began in another browser
error-other-browser-lead = Open the link in the browser in which you started, or start again from the application. Cookies must be allowed.
error-cross-site-title = This form came from another website
error-cross-site-lead = For your safety it was not accepted. Start again from the application.
error-not-found-title = There is nothing here
error-not-found-lead = The address is wrong, or the page is gone.
error-server-title = Something went wrong on our side
error-server-lead = It has been recorded. Try again in a moment.
error-restart = Start again
error-client = The application that sent you here is not known.
error-callback = The application asked to send you to an address that it has not registered.
error-origin = The application asked for an answer at an origin that it has not registered.
error-logout-url = The application asked to send you to an address that is not registered for logging out.

## Answers that a script or a button sends on

sending-title = One moment
sending-lead = You are being sent back to the application.
sending-button = Continue
message-title = One moment
message-lead = This window answers the application. If it stays open, close it.
