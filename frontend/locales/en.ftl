# Plain English. One word per idea: wijk (a Dutch neighbourhood), partner, resident, editors, desk, post.
# A key names the place first: desk-refuse is "refuse" at the desk.

## Around every page
layout-skip = Skip to content
layout-nav = Main menu
layout-wijken = Wijken
layout-desk = Desk
layout-desk-waiting = waiting
layout-sign-in = Sign in
layout-languages = Language
layout-motto = Not of the wijk. For the wijk.
layout-contact = A question or a complaint? Mail
layout-source = Source code
layout-licence = free software, AGPL
layout-privacy = No ads, nobody follows your clicks. Who follows a wijk stays between us: you only see a number.

account-signed-in = Signed in as
account-sign-out = Sign out

emergency = In danger now? Call 112. Not urgent, but police? Call 0900-8844.

## The front page
home-claim = News of your wijk, from the people who live and work there
home-what = A wijk is a Dutch neighbourhood, and here each has an address of its own. Follow yours in your own app, such as Mastodon, and see what your neighbours, the school, the police officer and the playground have to tell. You need no account here.
home-find = Find your wijk
home-wijken = These wijken live here
home-no-wijken = No wijk lives here yet. Do come back soon.
home-how = How to follow a wijk
home-how-one = Pick your wijk
home-how-one-text = Its page shows its address, for example @bloemhof.
home-how-two = Follow that address
home-how-two-text = In Mastodon or another app that speaks with the fediverse. If you have an account, it takes one tap.
home-how-three = Join in
home-how-three-text = Got news? Name your wijk’s address in your post. The editors pass it on to all followers.
home-sticker = The sticker on our letterbox
home-sticker-no = No
home-sticker-no-text = no ads, no tricks to keep you here, no list of who reads what
home-sticker-yes = Yes
home-sticker-yes-text = news, tips, road works and things to do, from your own wijk

## A wijk
wijk-word = wijk
wijk-in = wijk in { $municipality }
wijk-no-summary = News, tips and meetings in { $wijk }, from residents and partners.
wijk-followers = { $count ->
    [one] { $count } follower
   *[other] { $count } followers
}
wijk-follow-link = Follow this wijk
wijk-timeline = New in { $wijk }
wijk-empty = It is still quiet here.
wijk-empty-text = Will you bring the first news? Write a post and name { $handle } in it.
wijk-join = Join in
wijk-join-how = Have you got news, a tip or a question for the wijk? Write it in your own app and name the wijk in your public post:
wijk-join-example = on Saturday at 10 we clean the square together. Will you come?
wijk-join-after = The editors read your post and pass it on to all followers. If it belongs elsewhere, we do not pass it on. Your post always stays yours.
wijk-partners = Partners
wijk-partners-how = We know that these partners are who they say they are. They work for { $wijk }.
wijk-no-partners = This wijk has no partners yet.

## Following
follow-title = Follow { $wijk }
follow-how = Search for this address in your app and tap “Follow”:
follow-handle = The wijk’s address:
follow-server = Or say where your account is
follow-server-example = mastodon.nl
follow-server-hint = Your server or your whole address. We do not keep it.
follow-go = Follow
follow-lemmy = On Lemmy or PieFed? Search for { $handle }.
follow-boosts = Posts arrive as boosts: the wijk passes on what others write.
follow-back = Back to { $wijk }
follow-last-step = One more tap
follow-last-step-text = On { $server } you press “Follow”. From then on the news of { $wijk } comes to you.
follow-to-server = Go to { $server }
follow-otherwise = Does it not work?
follow-otherwise-text = Then search for this address in your app and tap “Follow”:
follow-problem-not-understood = We do not know that address. Write it as mastodon.nl or @name@mastodon.nl.
follow-problem-here = This is the wijk’s own server. Say where you have your account, for example mastodon.nl.

## A post
wijk-agenda = Agenda
wijk-agenda-all = The whole agenda
agenda-title = Agenda of { $wijk }
agenda-empty = There is nothing on the agenda now.
agenda-untitled = Event
calendar-cut = These are the first 2000 events. The whole agenda is at { $url }
agenda-to-calendar = Put it all in your own calendar
agenda-to-calendar-how = This works with the calendar on your phone or computer. Want it to keep up by itself? Subscribe to this address there:
tag-what = What wijken passed on about this subject.
post-mark-partner = Partner
post-mark-resident = Resident
post-mark-redactie = Editors
post-kind-news = News
post-kind-tip = Tip
post-kind-event = Event
post-kind-works = Works
post-kind-alert = Alert
post-kind-poll = Poll
post-from-host = from { $host }
post-from-here = written here
post-edited = edited
post-warning = Mind:
post-sensitive = The writer calls this sensitive.
post-when = When
post-where = Where
post-tags = Subjects
event-to-calendar = Put in my calendar
event-map = On the map (OpenStreetMap)
event-online = Join on the internet
event-status-tentative = Not certain yet
event-status-cancelled = Cancelled
poll-votes = { $count ->
    [one] 1 vote
   *[other] { $count } votes
 } ({ $percent }%)
poll-voters = { $count ->
    [0] Nobody has voted yet.
    [one] One vote.
   *[other] { $count } people voted.
 }
poll-multiple = You may choose more than one.
poll-over = The poll is closed.
poll-until = You can vote until
poll-how = You vote in your own app, under this post.
post-picture-open = See the picture where it is kept
post-picture-without-alt = The writer did not describe it.
post-attachment-open = Open the attachment where it is kept
post-permalink = Read this post
post-permalink-of = by { $name }
post-original = To the original
post-passed-on = passed this post on
post-page-title = Post by { $name }
post-published = Written on
post-replies = Answers
post-likes = { $count ->
    [one] One neighbour liked this.
   *[other] { $count } neighbours liked this.
}
post-shares = { $count ->
    [one] Shared once.
   *[other] Shared { $count } times.
}
post-conversation = This is an answer. Read the whole conversation
post-quoted = Quotes another post: read it where it is
post-answer = Want to answer? You do that in your own app, under the post itself.
post-answer-here = Want to join in or answer? You do that in your own app. Paste this address into its search field:

pager-label = More posts
pager-older = Older posts
pager-newer = Newer posts
pager-agenda = More of the agenda
pager-agenda-earlier = Earlier
pager-agenda-later = Later
pager-replies = More answers
pager-replies-earlier = Earlier answers
pager-replies-later = More answers
pager-start = Back to the beginning
pager-further = continued
pager-nothing = There is nothing more here.
replies-more = { $count ->
    [one] { $count } more answer
   *[other] { $count } more answers
}

## Something is not right here
report-title = Something is not right here
report-back = Back
report-who = Is something wrong with what it says here? The moderators of { $wijk } read this. Nothing is taken away by itself: a person looks first.
report-no-crime = This is not a report of a crime, and not a report to the police or the municipality.
report-why = What is it?
report-why-wrong = It is not true
report-why-tone = Not decent
report-why-privacy = Somebody can be recognised
report-why-safety = Dangerous or against the law
report-why-advertising = Advertising
report-why-other = Something else
report-words = Tell us about it (if you like)
report-words-hint = Name nobody, and no addresses.
report-trap = Leave this empty
report-go = Send to the moderators
report-privacy = We do not ask who you are, so you get no answer. The author does not hear that you sent this.
report-problem = First choose what it is, and use at most 2000 characters.
report-thanks = Thank you
report-thanks-text = The moderators of { $wijk } will look at it.

partner-kind-gemeente = municipality
partner-kind-politie = police
partner-kind-brandweer = fire service
partner-kind-toezicht = wardens
partner-kind-reiniging = cleaning
partner-kind-onderwijs = education
partner-kind-zorg = care
partner-kind-welzijn = welfare
partner-kind-opbouwwerk = community work
partner-kind-woningcorporatie = housing
partner-kind-ondernemers = shops and firms
partner-kind-sport = sports
partner-kind-vrijwilligers = volunteers
partner-kind-wijkgebouw = community centre
partner-kind-initiatief = residents’ initiative
partner-kind-dienst = service
partner-kind-media = media
partner-kind-overig = organisation

## The desk
private-title = For you only
private-back = Back to the desk
private-hint = People wrote this to the wijk, not to everybody. Only the moderators of this wijk see it. The wijk never passes it on. After 90 days it is gone.
private-empty = Nobody wrote to you in private.
private-answer = Look and answer
private-put-away = Read, put away
desk-private = For you only
desk-title = Desk
desk-wijken = Your wijken
desk-waiting = Waiting for you
desk-waiting-hint = What has waited longest comes first.
desk-replies = Answers
desk-replies-hint = These answers ask for a place on our page. They do not go to the followers.
desk-empty = Nothing to do. Lovely!
desk-empty-text = As soon as somebody names the wijk, you see the post here. Time for coffee.
desk-only-private = There are no posts to decide about now. Something that is for you alone still lies here.
desk-why-stranger = Does not follow the wijk
desk-why-newcomer = Follows the wijk
desk-why-edit = Changed after approval
desk-why-rule = Names many wijken at once
desk-why-partner = Partner, but take care
desk-why-reply = Answer to a post
desk-old = Before
desk-new = Now
desk-of = (post by { $name })
desk-picture-coming = A picture is still being fetched. If you approve now, it stays a link.
desk-approve = Approve
desk-refuse = Refuse
desk-refuse-go = Refuse this post
desk-reason = Why?
desk-reason-elsewhere = Not about this wijk
desk-reason-advertising = Advertising
desk-reason-tone = Not decent
desk-reason-privacy = Somebody can be recognised
desk-reason-duplicate = We have it already
desk-reason-police = Belongs with the police
desk-reason-other = Something else
desk-words = In your own words (if you like)
desk-words-hint = For the log. Name nobody.
desk-reports = Reports
desk-reports-hint = Somebody says that something is not right here. Nothing happens before you decide.
desk-report-unknown = Not of one of our wijken
desk-report-by = reported by { $host }
desk-report-here = reported on our own page
desk-report-times = { $count } times
desk-report-look = Look at what it is about
desk-report-answer = What do you think of it?
desk-report-answer-hint = For the log, and for the other server if you pass it on. Name nobody.
desk-report-pass-on = Also pass on to { $host }. Who reported it stays secret.
desk-report-unread = It cannot be passed on: { $host } only reads reports about a post of which we know the group it is in.
desk-report-close = Leave it and close
desk-report-take-back = Take the post back
desk-notice-handled = The report is closed.
desk-notice-answer = Nothing has changed: first write what you think of it, in at most 500 characters.
desk-notice-unread = Nothing has changed: this cannot be passed on. Without passing it on you can handle the report.
desk-announced = Passed on
desk-announced-hint = A mistake? Take a post back and it disappears here and from the followers.
desk-announced-empty = What the wijk has passed on will be here.
desk-withdraw = Take back
desk-withdraw-what = The wijk then no longer passes the post on. It stays where the writer wrote it.
desk-withdraw-go = Take this post back
desk-notice-approved = Approved. The wijk passes the post on.
desk-notice-refused = Refused. Nobody sees the post here.
desk-notice-withdrawn = Taken back. The wijk no longer passes the post on.
desk-notice-conflict = Nothing changed: it was decided before, or the writer changed the post. See below how it is now.
desk-notice-reason = Nothing changed: choose a reason first, and use at most 500 characters.

## Signing in
sign-in-title = Sign in
sign-in-for-whom = For editors, moderators and partners.
sign-in-username = User name
sign-in-password = Password
sign-in-go = Sign me in
sign-in-problem = That user name and password do not belong together. Try again.
sign-in-forgotten = Lost your password? Ask the administrator for a new invitation.
sign-in-reader = Only want to read or follow? That needs no account.
sign-in-reader-link = Pick your wijk

invitation-title = Invitation
invitation-welcome = Welcome, { $name }
invitation-what = Choose a password and you can begin.
invitation-username = Your user name is
invitation-password = Choose a password
invitation-password-hint = At least 12 characters. A few loose words in a row are strong and easy to remember.
invitation-problem = Choose a password of 12 to 200 characters.
invitation-go = Save and begin

## When it does not work
error-home = To all wijken
error-title-400 = We did not understand that
error-text-400 = Something was wrong in what your browser sent us.
error-next-400 = Go back one step and try again.
error-title-403 = That door is not open to you
error-text-403 = You are not signed in, or this belongs to somebody else.
error-next-403 = Sign in again and try once more.
error-detail-stale-form = The form was too old, or did not come from this site. Open the page again.
error-detail-no-seat = You have no seat at this desk. Ask the administrator.
error-title-404 = Nobody lives here
error-text-404 = This page does not exist, or is not for everyone.
error-next-404 = Check the address, or start at your wijk.
error-title-405 = This door works differently
error-text-405 = This page cannot be opened this way.
error-next-405 = Go back and use the button on the page.
error-title-409 = Somebody was first
error-text-409 = This post has been decided on already, or has changed meanwhile.
error-next-409 = Go back and reload the page to see how it is now.
error-title-410 = This was taken away
error-text-410 = Something was here, but its writer or the wijk took it back.
error-next-410 = There is sure to be something new in your wijk.
error-title-413 = That does not fit through the letterbox
error-text-413 = What you sent is too large.
error-next-413 = Make it smaller and try again.
error-title-422 = Something is missing
error-text-422 = One of the fields is not filled in well.
error-next-422 = Go back, check it and send it again.
error-title-429 = Take it easy
error-text-429 = This was tried too often in a row.
error-next-429 = Wait a few minutes and try again.
error-title-500 = Something went wrong on our side
error-text-500 = It is not your fault. The error has been written down.
error-next-500 = Try again later. If it stays like this, tell the administrator.
error-title-503 = Back in a moment
error-text-503 = It is too busy just now, or we are doing maintenance.
error-next-503 = Try again in a few minutes.

author-what = Writes on this site. Follow this address in your own app, or follow the wijk.
author-all = Everything by { $name }
author-in = Passed on in { $wijk }
author-empty = Nothing yet.
author-nowhere = Speaks for no wijk now.
