"""The story trail-tampering: a sign-in without MFA switches off the account's own trail."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from dataclasses import replace

from trailquery.simulate.organization import PAYROLL, PROD, PROD_BUCKET, Organization
from trailquery.simulate.people import PEOPLE, Person, console_session, signed_in
from trailquery.simulate.record import Actor, Template
from trailquery.simulate.s3 import GET_OBJECT, XMLNS, bucket_call
from trailquery.simulate.story import FIREFOX, LIST_USERS, SCP, STOP_REFUSED, Story, at, event_id, key_of, refused

INTRUDER_IP = "198.51.100.23"
OWN_TRAIL = f"arn:aws:cloudtrail:us-east-1:{PROD}:trail/prod-trail"
TRAILS = Template("cloudtrail", "DescribeTrails", read=True, request={"trailNameList": [], "includeShadowTrails": True})
TRAIL_STATUS = Template("cloudtrail", "GetTrailStatus", read=True, request={"name": "$trail$"})
DELETE_REFUSED = Template("cloudtrail", "DeleteTrail", error=refused("cloudtrail:DeleteTrail", "$trail$", SCP, "AccessDeniedException"))  # fmt: skip
STOP = Template("cloudtrail", "StopLogging", request={"name": "$trail$"})
START = Template("cloudtrail", "StartLogging", request={"name": "$trail$"})
SELECTORS = [{"readWriteType": "WriteOnly", "includeManagementEvents": True, "dataResources": [], "excludeManagementEventSources": ["kms.amazonaws.com"]}]  # fmt: skip
PUT_SELECTORS = Template("cloudtrail", "PutEventSelectors", request={"trailName": "$trail$", "eventSelectors": SELECTORS}, response={"trailARN": "$trail$", "eventSelectors": SELECTORS})  # fmt: skip
LIFECYCLE = bucket_call("PutBucketLifecycle", {"lifecycle": "", "LifecycleConfiguration": {"xmlns": XMLNS, "Rule": {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}, "ID": "cleanup"}}})  # fmt: skip


def trail_tampering(org: Organization, until: int, main_trail: str) -> Story:
    """Somebody signs in as m.keller without MFA and blinds the account's own trail; another one still sees it."""
    keller = Person("m.keller", PROD, INTRUDER_IP, False)
    signed = at(until, "19:42:31")
    session = console_session(org, keller, signed, keys=5)
    actors = [replace(actor, agent=FIREFOX) for actor in session.actors]
    subjects = {"access_key_id": key_of(actors[3]), "ip": INTRUDER_IP, "user": "m.keller"}
    title = "A sign-in without MFA switches off the account's own trail"
    story = Story(org, until, "trail-tampering", title, 7, subjects)
    login = signed_in(org, keller, signed, agent=FIREFOX)
    story.step(f"m.keller signs in without MFA, from {INTRUDER_IP}", [login], "console_logins")
    looks = [
        story.call(LIST_USERS, "19:43:02", actors[0]),
        story.call(TRAILS, "19:44:37", actors[1]),
        story.call(TRAIL_STATUS, "19:44:39", actors[2], trail=OWN_TRAIL),
    ]
    story.step("the session, with several keys, looks at users and trails", looks, "timeline_ip", ip=INTRUDER_IP)
    clocks = ("19:47:13", "19:47:29", "19:48:54")
    stops = [story.call(STOP_REFUSED, clock, actors[3], trail=main_trail) for clock in clocks]
    story.step("stopping the main trail is refused three times", stops, "trail_tampering", decisive=True)
    trail_stopped(story, actors, main_trail)
    return story


def trail_stopped(story: Story, actors: list[Actor], main_trail: str) -> None:
    """The rest of the tampering: prod-trail is stopped, and started again two hours later."""
    stopped = story.call(STOP, "19:51:18", actors[3], trail=OWN_TRAIL)
    story.step("prod-trail is stopped: it delivers nothing more", [stopped], "trail_tampering", decisive=True)
    narrowed = story.call(PUT_SELECTORS, "19:54:46", actors[3], trail=OWN_TRAIL)
    story.step("prod-trail is told to record writes only", [narrowed], "trail_tampering", decisive=True)
    expiring = story.call(LIFECYCLE, "19:58:07", actors[4], bucket=PROD_BUCKET)
    story.step(
        "its bucket is told to delete log files after a day",
        [expiring],
        "timeline_resource",
        decisive=True,
        resource=PROD_BUCKET,
    )
    deleted = story.call(DELETE_REFUSED, "20:03:32", actors[3], trail=main_trail)
    story.step("deleting the main trail is refused", [deleted], "trail_tampering", decisive=True)
    made = story.org.id("AKIA", "m.keller second")
    created = story.key_made("20:12:41", actors[0], "m.keller", made)
    story.step("unseen by prod-trail, a long-term key is made", [created], "keys_created")
    taken = [story.call(GET_OBJECT, "20:15:09", actors[4], bucket=PAYROLL, object="2026.csv")]
    story.step("and payroll is read", taken, "timeline_resource", resource=PAYROLL, writes_only=False)
    alice = console_session(story.org, PEOPLE[0], at(story.until, "22:05:50"), keys=1).actors[0]
    started = story.call(START, "22:17:46", alice, trail=OWN_TRAIL)
    story.step("alice starts prod-trail again", [started], "timeline_resource", resource=OWN_TRAIL)
    story.trail_off = stopped.time, started.time
    story.needle = {
        "question": "Which key outlives the session?",
        "find": made,
        "event_id": event_id(created),
    }
