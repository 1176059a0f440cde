// Reads calendars with ical.js: a list of texts in, as JSON; of each its events out, as that library understands them.
import ICAL from "ical.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);

const answer = JSON.parse(Buffer.concat(chunks).toString()).map((text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  // No zone that the library may know by itself: only what the calendar brings along.
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  }
  return {
    method: calendar.getFirstPropertyValue("method"),
    events: calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      const time = (value) => ({
        wall: value.toString().slice(0, 16),
        zone: value.zone.tzid,
        instant: value.toUnixTime(),
      });
      return {
        uid: event.uid,
        sequence: event.sequence,
        begins: time(event.startDate),
        ends: time(event.endDate),
        summary: event.summary,
        description: event.description,
        location: event.location,
        status: component.getFirstPropertyValue("status"),
        organizer: component.getFirstPropertyValue("organizer"),
        attendees: event.attendees.map((attendee) => ({
          address: attendee.getFirstValue(),
          name: attendee.getFirstParameter("cn") ?? "",
          answer: attendee.getFirstParameter("partstat"),
        })),
        names: component.getAllProperties().map((property) => property.name),
      };
    }),
  };
});
console.log(JSON.stringify(answer));
