# Alles, was Menschen auf den Seiten lesen, auf Deutsch.

## Jede Seite

error-summary = Es gibt ein Problem
secured-by = Gesichert mit Cardea
language = Sprache
skip = Zum Formular springen
show-details = Einzelheiten
request-id = Anfragekennung

## Anmelden

login-title = Willkommen zurück
login-lead = Melden Sie sich bei { $tenant } an, um mit { $app } fortzufahren.
login-lead-plain = Melden Sie sich bei { $tenant } an.
password-title = Geben Sie Ihr Passwort ein
identifier = E-Mail-Adresse
identifier-or-username = E-Mail-Adresse oder Benutzername
username = Benutzername
email = E-Mail-Adresse
password = Passwort
continue = Weiter
log-in = Anmelden
forgot-password = Passwort vergessen?
no-account = Noch kein Konto?
sign-up = Registrieren
not-you = Nicht Sie?
change-identifier = Ändern
error-credentials = E-Mail-Adresse oder Passwort ist falsch.
error-identifier-missing = Geben Sie Ihre E-Mail-Adresse ein.
error-identifier-long = Das ist zu lang für eine E-Mail-Adresse.
error-password-missing = Geben Sie Ihr Passwort ein.
error-blocked-login = Zu viele falsche Passwörter. Warten Sie eine Weile und versuchen Sie es noch einmal, oder setzen Sie Ihr Passwort zurück.
error-blocked-user = Dieses Konto ist gesperrt. Wenden Sie sich an die Stelle, die es verwaltet.
error-busy = Gerade melden sich sehr viele Menschen an. Versuchen Sie es gleich noch einmal.
error-form = Das Formular war nicht vollständig. Versuchen Sie es noch einmal.

## Registrieren

signup-title = Konto anlegen
signup-lead = Registrieren Sie sich bei { $tenant }, um mit { $app } fortzufahren.
have-account = Sie haben schon ein Konto?
error-email = Geben Sie eine E-Mail-Adresse wie name@example.com ein.
error-username = Geben Sie einen Benutzernamen ein.
error-signup = Dieses Konto kann nicht angelegt werden. Wenn Sie schon eines haben, melden Sie sich an.
error-password-weak = Dieses Passwort ist leicht zu erraten. Wählen Sie ein längeres oder weniger gebräuchliches.
error-password-common = Dieses Passwort gehört zu denen, die zuerst probiert werden. Wählen Sie ein anderes.
error-password-personal = Dieses Passwort enthält etwas, das über Sie bekannt ist. Wählen Sie ein anderes.
error-password-reused = Dieses Passwort hatten Sie schon einmal. Wählen Sie ein anderes.
error-password-long = Dieses Passwort ist zu lang.
error-too-many = Zu viele Versuche. Warten Sie eine Weile und versuchen Sie es noch einmal.
error-password-leaked = Dieses Passwort ist aus einem Datenleck bekannt. Wählen Sie ein anderes.
password-length =
    { $count ->
        [one] Verwenden Sie mindestens ein Zeichen.
       *[other] Verwenden Sie mindestens { $count } Zeichen.
    }
password-kinds = Verwenden Sie alle diese Arten: { $kinds }.
password-some-kinds = Verwenden Sie mindestens { $count } dieser Arten: { $kinds }.
password-runs = Verwenden Sie kein Zeichen mehr als zweimal hintereinander.
password-sequences = Verwenden Sie keine Folgen wie abc oder 321.
password-advice = Ein paar Wörter ohne Zusammenhang sind leicht zu merken und schwer zu erraten.
kind-lower = Kleinbuchstaben
kind-upper = Großbuchstaben
kind-digit = Ziffern
kind-special = Sonderzeichen

## Zustimmung

consent-title = Zugriff erlauben?
consent-lead = { $app } möchte Ihr Konto bei { $tenant } nutzen.
consent-as = Sie sind angemeldet als { $user }.
consent-will = { $app } könnte dann:
consent-unverified = { $app } wird nicht von { $tenant } betrieben. Erlauben Sie den Zugriff nur, wenn Sie die Anwendung kennen und ihr vertrauen.
consent-goes-to = Sie werden zu { $host } weitergeleitet.
consent-profile = Wissen, wer Sie sind: Name und Bild
consent-openid = Sie wiedererkennen, wenn Sie zurückkommen
consent-email = Ihre E-Mail-Adresse sehen
consent-phone = Ihre Telefonnummer sehen
consent-address = Ihre Postanschrift sehen
consent-offline = Diesen Zugriff behalten, auch wenn Sie die Anwendung nicht benutzen
consent-group = { $resource }: { $actions }
confirm-title = Bei { $app } anmelden?
confirm-lead = Eine Anwendung auf diesem Gerät möchte Sie anmelden.
allow = Erlauben
deny = Ablehnen

## Abmelden

logout-title = Abmelden?
logout-lead = Sie sind bei { $tenant } angemeldet als { $user }.
logout-lead-plain = Möchten Sie sich bei { $tenant } abmelden?
log-out = Abmelden
stay = Angemeldet bleiben
logged-out-title = Sie sind abgemeldet
logged-out-lead = Sie können diese Seite schließen.
logout-kept-title = Sie sind weiterhin angemeldet
logout-kept-lead = Es hat sich nichts geändert. Sie können diese Seite schließen.

## Ein Gerät verbinden

device-title = Gerät verbinden
device-lead = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-code = Code
device-code-hint = Zum Beispiel ABCD-EFGH. Striche und Großschreibung spielen keine Rolle.
device-confirm-title = Ist das Ihr Gerät?
device-confirm-lead = Prüfen Sie, ob Ihr Gerät diesen Code anzeigt:
device-confirm-warning = Fahren Sie nur fort, wenn Sie das Gerät vor sich haben und dies selbst begonnen haben.
device-confirm-app = { $app } erhält Zugriff auf Ihr Konto.
confirm = Bestätigen
cancel = Abbrechen
device-done-title = Ihr Gerät ist verbunden
device-done-lead = Kehren Sie zu Ihrem Gerät zurück. Sie können diese Seite schließen.
device-denied-title = Ihr Gerät ist nicht verbunden
device-denied-lead = Sie haben es nicht erlaubt. Sie können diese Seite schließen.
error-code-missing = Geben Sie den Code ein.
error-code = Diesen Code gibt es nicht, oder er ist zu alt. Prüfen Sie ihn, oder lassen Sie sich vom Gerät einen neuen geben.

## Ein vergessenes Passwort

reset-title = Passwort zurücksetzen
reset-lead = Geben Sie Ihre E-Mail-Adresse ein, und wir senden Ihnen einen Link.
reset-send = Link senden
reset-sent-title = Sehen Sie in Ihre E-Mails
reset-sent-lead = Wenn es ein Konto für { $email } gibt, ist ein Link unterwegs. Er gilt einmal.
back-to-login = Zurück zur Anmeldung
change-title = Neues Passwort wählen
change-lead = Für { $email } bei { $tenant }.
new-password = Neues Passwort
new-password-again = Neues Passwort noch einmal
change-save = Passwort speichern
change-done-title = Ihr Passwort ist geändert
change-done-lead = Melden Sie sich mit dem neuen an. Überall sonst wurden Sie abgemeldet.
error-mismatch = Die beiden Passwörter sind nicht gleich.
ticket-gone-title = Dieser Link gilt nicht mehr
ticket-gone-lead = Er wurde schon benutzt oder ist zu alt. Fordern Sie einen neuen an.

## E-Mail-Adresse bestätigen

verified-title = Ihre E‑Mail‑Adresse ist bestätigt
verified-lead = Vielen Dank. Sie können diese Seite schließen.
verify-title = E‑Mail‑Adresse bestätigen
verify-lead = Drücken Sie den Knopf, um { $email } zu bestätigen.

## Ein gesperrtes Konto

unblock-title = Sperre aufheben
unblock-lead = Drücken Sie den Knopf, um die Sperre von { $email } aufzuheben.
unblocked-title = Ihr Konto ist nicht mehr gesperrt
unblocked-lead = Sie können sich wieder anmelden.

## Fehler

error-title = Das hat nicht geklappt
error-lead = Gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. Wenn es wieder geschieht, wenden Sie sich an die Stelle, die sie betreut.
error-denied-title = Sie haben es nicht erlaubt
error-denied-lead = Die Anwendung hat nichts bekommen. Sie können diese Seite schließen.
error-expired-title = Diese Anmeldung ist zu alt
error-expired-lead = Sie wurde an anderer Stelle beendet oder hat zu lange gedauert. Beginnen Sie in der Anwendung neu.
error-other-browser-title = Diese Anmeldung begann in einem anderen Browser
error-other-browser-lead = Öffnen Sie den Link in dem Browser, in dem Sie begonnen haben, oder beginnen Sie in der Anwendung neu. Cookies müssen erlaubt sein.
error-cross-site-title = Dieses Formular kam von einer anderen Website
error-cross-site-lead = Zu Ihrer Sicherheit wurde es nicht angenommen. Beginnen Sie in der Anwendung neu.
error-not-found-title = Hier ist nichts
error-not-found-lead = Die Adresse stimmt nicht, oder die Seite gibt es nicht mehr.
error-server-title = Auf unserer Seite ist etwas schiefgegangen
error-server-lead = Es wurde aufgezeichnet. Versuchen Sie es gleich noch einmal.
error-restart = Neu beginnen
error-client = Die Anwendung, die Sie hierher geschickt hat, ist nicht bekannt.
error-callback = Die Anwendung wollte Sie zu einer Adresse schicken, die für sie nicht eingetragen ist.
error-origin = Die Anwendung wollte eine Antwort an einen Ursprung, der für sie nicht eingetragen ist.
error-logout-url = Die Anwendung wollte Sie zu einer Adresse schicken, die für das Abmelden nicht eingetragen ist.

## Antworten, die ein Skript oder ein Knopf weiterschickt

sending-title = Einen Augenblick
sending-lead = Sie werden zur Anwendung zurückgeschickt.
sending-button = Weiter
message-title = Einen Augenblick
message-lead = Dieses Fenster antwortet der Anwendung. Wenn es offen bleibt, schließen Sie es.
