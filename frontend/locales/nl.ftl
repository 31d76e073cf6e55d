# Gewoon Nederlands, in de je-vorm. Eén woord per ding: wijk, partner, bewoner, redactie, balie, bericht.
# Een sleutel noemt eerst de plaats: desk-refuse is "weigeren" aan de balie.

## Om elke pagina heen
layout-skip = Naar de inhoud
layout-nav = Hoofdmenu
layout-wijken = Wijken
layout-desk = Balie
layout-desk-waiting = wachten
layout-sign-in = Aanmelden
layout-languages = Taal
layout-motto = Niet van de wijk. Voor de wijk.
layout-contact = Vragen of een klacht? Mail
layout-source = Broncode
layout-licence = vrije software, AGPL
layout-privacy = Geen reclame, geen volgers van je klikken. Wie een wijk volgt, blijft onder ons: je ziet alleen een aantal.

account-signed-in = Aangemeld als
account-sign-out = Afmelden

emergency = Is er nu gevaar? Bel 112. Geen spoed, wel politie? Bel 0900-8844.

## De voorpagina
home-claim = Nieuws van je wijk, van de mensen die er wonen en werken
home-what = Hier heeft elke wijk een eigen adres. Volg je wijk in je eigen app, zoals Mastodon, en je ziet wat je buren, de school, de wijkagent en de speeltuin te vertellen hebben. Je hebt hier geen account nodig.
home-find = Zoek je wijk
home-wijken = Deze wijken wonen hier
home-no-wijken = Er woont hier nog geen wijk. Kom snel nog eens kijken.
home-how = Zo volg je een wijk
home-how-one = Kies je wijk
home-how-one-text = Op de pagina van je wijk staat het adres, bijvoorbeeld @bloemhof.
home-how-two = Volg dat adres
home-how-two-text = In Mastodon of een andere app die met het fediverse praat. Heb je al een account, dan is het één tik.
home-how-three = Doe mee
home-how-three-text = Heb je nieuws? Noem het adres van je wijk in je bericht. De redactie geeft het door aan alle volgers.
home-sticker = De sticker op onze brievenbus
home-sticker-no = Nee
home-sticker-no-text = geen reclame, geen trucs om je vast te houden, geen lijst van wie wat leest
home-sticker-yes = Ja
home-sticker-yes-text = nieuws, tips, werk aan de weg en iets te doen, uit je eigen wijk

## Een wijk
wijk-word = wijk
wijk-in = wijk in { $municipality }
wijk-no-summary = Nieuws, tips en bijeenkomsten in { $wijk }, van bewoners en partners.
wijk-followers = { $count ->
    [one] { $count } volger
   *[other] { $count } volgers
}
wijk-follow-link = Volg deze wijk
wijk-timeline = Nieuw in { $wijk }
wijk-empty = Het is hier nog stil.
wijk-empty-text = Geef jij het eerste nieuws door? Schrijf een bericht en noem { $handle } erin.
wijk-join = Doe mee
wijk-join-how = Heb je nieuws, een tip of een vraag voor de wijk? Schrijf het in je eigen app en noem de wijk in je openbare bericht:
wijk-join-example = zaterdag om 10 uur maken we samen het plein schoon. Kom je ook?
wijk-join-after = De redactie leest je bericht en geeft het door aan alle volgers. Hoort het ergens anders, dan geven we het niet door. Je bericht blijft altijd van jou.
wijk-partners = Partners
wijk-partners-how = Van deze partners weten we dat ze het echt zijn. Zij werken voor { $wijk }.
wijk-no-partners = Deze wijk heeft nog geen partners.

## Volgen
follow-title = Volg { $wijk }
follow-how = Zoek dit adres in je app en tik op ‘Volgen’:
follow-handle = Het adres van de wijk:
follow-server = Of vul in waar je account is
follow-server-example = mastodon.nl
follow-server-hint = Je server of je hele adres. We bewaren het niet.
follow-go = Volg
follow-lemmy = Gebruik je Lemmy of PieFed? Zoek dan naar { $handle }.
follow-boosts = De berichten komen bij je binnen als boosts: de wijk geeft door wat anderen schrijven.
follow-back = Terug naar { $wijk }
follow-last-step = Nog één tik
follow-last-step-text = Op { $server } druk je op ‘Volgen’. Daarna komt het nieuws van { $wijk } vanzelf bij je binnen.
follow-to-server = Naar { $server }
follow-otherwise = Lukt het niet?
follow-otherwise-text = Zoek dan in je app naar dit adres en tik op ‘Volgen’:
follow-problem-not-understood = Dat adres kennen we niet. Vul het in zoals mastodon.nl of @naam@mastodon.nl.
follow-problem-here = Dit is de server van de wijk zelf. Vul in waar jij je account hebt, bijvoorbeeld mastodon.nl.

## Een bericht
wijk-agenda = Agenda
wijk-agenda-all = De hele agenda
agenda-title = Agenda van { $wijk }
agenda-empty = Er staat nu niets op de agenda.
agenda-untitled = Activiteit
calendar-cut = Hier staan de eerste 2000 activiteiten. De hele agenda staat op { $url }
agenda-to-calendar = Zet alles in je eigen agenda
agenda-to-calendar-how = Dat werkt met de agenda op je telefoon of computer. Wil je dat hij vanzelf bijblijft? Maak daar een abonnement op dit adres:
tag-what = Dit gaven wijken door over dit onderwerp.
post-mark-partner = Partner
post-mark-resident = Bewoner
post-mark-redactie = Redactie
post-kind-news = Nieuws
post-kind-tip = Tip
post-kind-event = Agenda
post-kind-works = Werk aan de weg
post-kind-alert = Alarm
post-kind-poll = Peiling
post-from-host = van { $host }
post-from-here = hier geschreven
post-edited = bijgewerkt
post-warning = Let op:
post-sensitive = De schrijver noemt dit gevoelig.
post-when = Wanneer
post-where = Waar
post-tags = Onderwerpen
event-to-calendar = Zet in mijn agenda
event-map = Op de kaart (OpenStreetMap)
event-online = Doe mee op internet
event-status-tentative = Nog niet zeker
event-status-cancelled = Gaat niet door
poll-votes = { $count ->
    [one] 1 stem
   *[other] { $count } stemmen
 } ({ $percent } %)
poll-voters = { $count ->
    [0] Nog niemand stemde.
    [one] Eén stem.
   *[other] { $count } mensen stemden.
 }
poll-multiple = Je mag meer dan één keuze maken.
poll-over = De peiling is gesloten.
poll-until = Stemmen kan tot
poll-how = Stemmen doe je in je eigen app, onder dit bericht.
post-picture-open = Bekijk de foto waar hij staat
post-picture-without-alt = De schrijver heeft er geen beschrijving bij gezet.
post-attachment-open = Open de bijlage waar die staat
post-permalink = Lees dit bericht
post-permalink-of = van { $name }
post-original = Naar het origineel
post-passed-on = gaf dit bericht door
post-page-title = Bericht van { $name }
post-published = Geschreven op
post-replies = Antwoorden
post-likes = { $count ->
    [one] Eén buur vond dit fijn.
   *[other] { $count } buren vonden dit fijn.
}
post-shares = { $count ->
    [one] Eén keer gedeeld.
   *[other] { $count } keer gedeeld.
}
post-conversation = Dit is een antwoord. Lees het hele gesprek
post-quoted = Haalt een ander bericht aan: lees het waar het staat
post-answer = Wil je antwoorden? Dat doe je in je eigen app, onder het bericht zelf.
post-answer-here = Wil je meedoen of antwoorden? Dat doe je in je eigen app. Plak daar dit adres in het zoekveld:

pager-label = Meer berichten
pager-older = Oudere berichten
pager-newer = Nieuwere berichten
pager-agenda = Meer van de agenda
pager-agenda-earlier = Eerder
pager-agenda-later = Later
pager-replies = Meer antwoorden
pager-replies-earlier = Eerdere antwoorden
pager-replies-later = Meer antwoorden
pager-start = Terug naar het begin
pager-further = vervolg
pager-nothing = Hier staat niets meer.
replies-more = { $count ->
    [one] Nog { $count } antwoord
   *[other] Nog { $count } antwoorden
}

## Iets klopt hier niet
report-title = Iets klopt hier niet
report-back = Terug
report-who = Is er iets mis met wat hier staat? De moderatoren van { $wijk } lezen het. Ze halen niets vanzelf weg: een mens kijkt er eerst naar.
report-no-crime = Dit is geen aangifte en geen melding bij de politie of de gemeente.
report-why = Wat is er?
report-why-wrong = Het klopt niet
report-why-tone = Niet netjes
report-why-privacy = Iemand is herkenbaar
report-why-safety = Gevaarlijk of strafbaar
report-why-advertising = Reclame
report-why-other = Iets anders
report-words = Vertel er iets over (hoeft niet)
report-words-hint = Noem geen namen en geen adressen.
report-trap = Laat dit leeg
report-go = Stuur naar de moderatoren
report-privacy = We vragen niet wie je bent, dus je krijgt geen antwoord. De schrijver hoort niet dat jij dit stuurde.
report-problem = Kies eerst wat er is, en gebruik hooguit 2000 tekens.
report-thanks = Dank je wel
report-thanks-text = De moderatoren van { $wijk } kijken ernaar.

partner-kind-gemeente = gemeente
partner-kind-politie = politie
partner-kind-brandweer = brandweer
partner-kind-toezicht = toezicht
partner-kind-reiniging = schoonmaak
partner-kind-onderwijs = onderwijs
partner-kind-zorg = zorg
partner-kind-welzijn = welzijn
partner-kind-opbouwwerk = opbouwwerk
partner-kind-woningcorporatie = woningcorporatie
partner-kind-ondernemers = ondernemers
partner-kind-sport = sport
partner-kind-vrijwilligers = vrijwilligers
partner-kind-wijkgebouw = wijkgebouw
partner-kind-initiatief = bewonersinitiatief
partner-kind-dienst = dienst
partner-kind-media = media
partner-kind-overig = organisatie

## De balie
private-title = Alleen voor jullie
private-back = Terug naar de balie
private-hint = Dit schreven mensen aan de wijk, niet aan iedereen. Alleen de moderatoren van deze wijk zien het. De wijk geeft het nooit door. Na 90 dagen is het weg.
private-empty = Niemand schreef jullie iets onder vier ogen.
private-answer = Bekijk en antwoord
private-put-away = Gelezen, mag weg
desk-private = Alleen voor jullie
desk-title = Balie
desk-wijken = Jouw wijken
desk-waiting = Wacht op jou
desk-waiting-hint = Wat het langst wacht, staat bovenaan.
desk-replies = Antwoorden
desk-replies-hint = Deze antwoorden vragen een plek op onze pagina. Ze gaan niet naar de volgers.
desk-empty = Niets te doen. Fijn!
desk-empty-text = Zodra iemand de wijk noemt, zie je het bericht hier. Tijd voor koffie.
desk-only-private = Over berichten hoef je nu niets te beslissen. Er ligt nog wel iets dat alleen voor jullie is.
desk-why-stranger = Volgt de wijk niet
desk-why-newcomer = Volgt de wijk
desk-why-edit = Aangepast na goedkeuring
desk-why-rule = Noemt veel wijken tegelijk
desk-why-partner = Partner, maar let op
desk-why-reply = Antwoord op een bericht
desk-old = Eerst
desk-new = Nu
desk-of = (bericht van { $name })
desk-picture-coming = Er wordt nog een foto opgehaald. Keur je nu goed, dan blijft die een link.
desk-approve = Goedkeuren
desk-refuse = Weigeren
desk-refuse-go = Weiger dit bericht
desk-reason = Waarom?
desk-reason-elsewhere = Gaat niet over deze wijk
desk-reason-advertising = Reclame
desk-reason-tone = Niet netjes
desk-reason-privacy = Iemand is herkenbaar
desk-reason-duplicate = Hebben we al
desk-reason-police = Hoort bij de politie
desk-reason-other = Iets anders
desk-words = In je eigen woorden (hoeft niet)
desk-words-hint = Voor het logboek. Noem geen namen.
desk-reports = Meldingen
desk-reports-hint = Iemand zegt dat hier iets niet klopt. Er gebeurt niets voor jij beslist.
desk-report-unknown = Niet van een van onze wijken
desk-report-by = gemeld door { $host }
desk-report-here = gemeld op onze eigen pagina
desk-report-times = { $count } keer
desk-report-look = Bekijk waar het over gaat
desk-report-answer = Wat vind je ervan?
desk-report-answer-hint = Voor het logboek, en voor de andere server als je doorstuurt. Noem geen namen.
desk-report-pass-on = Ook doorsturen naar { $host }. Wie het meldde, blijft geheim.
desk-report-unread = Doorsturen kan niet: { $host } leest alleen meldingen over een bericht waarvan wij weten in welke groep het staat.
desk-report-close = Laat staan en sluit
desk-report-take-back = Haal het bericht terug
desk-notice-handled = De melding is gesloten.
desk-notice-answer = Er is niets veranderd: schrijf eerst wat je ervan vindt, in hooguit 500 tekens.
desk-notice-unread = Er is niets veranderd: doorsturen kan hier niet. Zonder doorsturen kun je de melding afhandelen.
desk-announced = Doorgegeven
desk-announced-hint = Vergist? Haal een bericht terug en het verdwijnt hier en bij de volgers.
desk-announced-empty = Hier staat straks wat de wijk heeft doorgegeven.
desk-withdraw = Haal terug
desk-withdraw-what = De wijk geeft het bericht dan niet meer door. Bij de schrijver zelf blijft het staan.
desk-withdraw-go = Haal dit bericht terug
desk-notice-approved = Goedgekeurd. De wijk geeft het bericht door.
desk-notice-refused = Geweigerd. Niemand ziet het bericht hier.
desk-notice-withdrawn = Teruggehaald. De wijk geeft het bericht niet meer door.
desk-notice-conflict = Er is niets veranderd: er was al over beslist, of de schrijver heeft het bericht aangepast. Kijk hieronder hoe het nu is.
desk-notice-reason = Er is niets veranderd: kies eerst een reden, en gebruik hooguit 500 tekens.

## Aanmelden
sign-in-title = Aanmelden
sign-in-for-whom = Voor redactie, moderatoren en partners.
sign-in-username = Gebruikersnaam
sign-in-password = Wachtwoord
sign-in-go = Meld me aan
sign-in-problem = Die gebruikersnaam en dat wachtwoord horen niet bij elkaar. Probeer het nog eens.
sign-in-forgotten = Wachtwoord kwijt? Vraag de beheerder om een nieuwe uitnodiging.
sign-in-reader = Wil je alleen lezen of volgen? Daar is geen account voor nodig.
sign-in-reader-link = Kies je wijk

invitation-title = Uitnodiging
invitation-welcome = Welkom, { $name }
invitation-what = Kies een wachtwoord, dan kun je beginnen.
invitation-username = Je gebruikersnaam is
invitation-password = Kies een wachtwoord
invitation-password-hint = Minstens 12 tekens. Een paar losse woorden achter elkaar is sterk en makkelijk te onthouden.
invitation-problem = Kies een wachtwoord van 12 tot 200 tekens.
invitation-go = Bewaar en begin

## Als het niet lukt
error-home = Naar alle wijken
error-title-400 = Dat begrepen we niet
error-text-400 = Er klopte iets niet in wat je browser ons stuurde.
error-next-400 = Ga een stap terug en probeer het nog eens.
error-title-403 = Daar mag je hier niet bij
error-text-403 = Je bent niet aangemeld, of dit hoort bij iemand anders.
error-next-403 = Meld je opnieuw aan en probeer het nog eens.
error-detail-stale-form = Het formulier was te oud, of kwam niet van deze site. Open de pagina opnieuw.
error-detail-no-seat = Je hebt hier geen plek aan de balie. Vraag de beheerder ernaar.
error-title-404 = Hier woont niemand
error-text-404 = Deze pagina bestaat niet, of is niet voor iedereen.
error-next-404 = Kijk of het adres klopt, of begin bij je wijk.
error-title-405 = Zo werkt deze deur niet
error-text-405 = Deze pagina open je niet op deze manier.
error-next-405 = Ga terug en gebruik de knop op de pagina.
error-title-409 = Iemand was je voor
error-text-409 = Over dit bericht is al beslist, of het is intussen veranderd.
error-next-409 = Ga terug en ververs de pagina, dan zie je hoe het nu is.
error-title-410 = Dit is weggehaald
error-text-410 = Hier stond iets, maar de schrijver of de wijk heeft het teruggehaald.
error-next-410 = In je wijk staat vast iets nieuws.
error-title-413 = Dat past niet door de brievenbus
error-text-413 = Wat je stuurde is te groot.
error-next-413 = Maak het kleiner en probeer het nog eens.
error-title-422 = Er mist nog iets
error-text-422 = Een van de velden is niet goed ingevuld.
error-next-422 = Ga terug, kijk het na en stuur het nog eens.
error-title-429 = Even rustig aan
error-text-429 = Dit ging te vaak achter elkaar.
error-next-429 = Wacht een paar minuten en probeer het dan nog eens.
error-title-500 = Er ging bij ons iets mis
error-text-500 = Het ligt niet aan jou. De fout is opgeschreven.
error-next-500 = Probeer het straks nog eens. Blijft het zo? Laat het de beheerder weten.
error-title-503 = We zijn zo terug
error-text-503 = Het is nu te druk, of we zijn even bezig met onderhoud.
error-next-503 = Probeer het over een paar minuten nog eens.

author-what = Schrijft op deze site. Volg dit adres in je eigen app, of volg de wijk.
author-all = Alles van { $name }
author-in = Doorgegeven in { $wijk }
author-empty = Nog niets.
author-nowhere = Spreekt nu voor geen enkele wijk.
