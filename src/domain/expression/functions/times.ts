import { type CelFunc, celFunc, celMethod, CelScalar, objectType } from '@bufbuild/cel';
import { create, fromJson } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { Fault } from '../faults.ts';
import type { Meter } from '../meter.ts';

const { INT, STRING } = CelScalar;
const TIMESTAMP = objectType(TimestampSchema);
const MAX_ZONES = 32;
/** What it costs to load the rules of a zone. */
const ZONE_UNITS = 500;
/** What it costs to apply them. */
const ZONED_UNITS = 100;
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

/** A moment on the wall clock of a place. The numbers of a `Date` in UTC are read as that wall clock. */
type WallClock = Date;

const OFFSET = /^([+-]?)(\d\d):(\d\d)$/;
const TIMESTAMP_TEXT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const DATE_TEXT = /^\d{4}-\d\d-\d\d$/;

const invalid = (text: string, suggestion?: string): Fault =>
  new Fault({ code: 'EXPRESSION_INVALID_VALUE', text, ...(suggestion === undefined ? {} : { suggestion }) });

function createZones(meter: Meter): (milliseconds: number, zone: string) => WallClock {
  const formats = new Map<string, Intl.DateTimeFormat>();
  const formatOf = (zone: string): Intl.DateTimeFormat => {
    meter.charge(ZONED_UNITS);
    const known = formats.get(zone);
    if (known !== undefined) return known;
    meter.charge(ZONE_UNITS);
    if (formats.size >= MAX_ZONES) formats.clear();
    try {
      const format = new Intl.DateTimeFormat('en-US', {
        calendar: 'gregory',
        hourCycle: 'h23',
        timeZone: zone,
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
      formats.set(zone, format);
      return format;
    } catch {
      throw invalid(
        `there is no time zone ${JSON.stringify(zone.slice(0, 60))}`,
        'write a name such as "Europe/Berlin", or "+02:00"',
      );
    }
  };
  return (milliseconds, zone) => {
    const offset = OFFSET.exec(zone);
    if (offset !== null) {
      const minutes = Number(offset[2]) * 60 + Number(offset[3]);
      return new Date(milliseconds + (offset[1] === '-' ? -1 : 1) * minutes * 60_000);
    }
    if (zone === 'UTC') return new Date(milliseconds);
    const parts = new Map(
      formatOf(zone)
        .formatToParts(new Date(milliseconds))
        .map(({ type, value }) => [type, value]),
    );
    const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
    const wall = new Date(0);
    // West of Greenwich the year 1 begins in the year before it.
    const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year');
    wall.setUTCFullYear(year, part('month') - 1, part('day'));
    wall.setUTCHours(part('hour'), part('minute'), part('second'), ((milliseconds % 1000) + 1000) % 1000);
    return wall;
  };
}

const dayOfYear = (wall: WallClock): number => {
  const start = new Date(0);
  start.setUTCFullYear(wall.getUTCFullYear(), 0, 1);
  return Math.floor((wall.getTime() - start.getTime()) / 86_400_000);
};

const FIELDS: readonly (readonly [string, (wall: WallClock) => number])[] = [
  ['getFullYear', (wall) => wall.getUTCFullYear()],
  ['getMonth', (wall) => wall.getUTCMonth()],
  ['getDate', (wall) => wall.getUTCDate()],
  ['getDayOfMonth', (wall) => wall.getUTCDate() - 1],
  ['getDayOfWeek', (wall) => wall.getUTCDay()],
  ['getDayOfYear', dayOfYear],
  ['getHours', (wall) => wall.getUTCHours()],
  ['getMinutes', (wall) => wall.getUTCMinutes()],
  ['getSeconds', (wall) => wall.getUTCSeconds()],
  ['getMilliseconds', (wall) => wall.getUTCMilliseconds()],
];

const isoDate = (wall: WallClock): string => wall.toISOString().slice(0, 10);

/** Reads RFC 3339, or a date alone, which is its midnight in UTC. */
function readTimestamp(text: string): Timestamp {
  const isDate = DATE_TEXT.test(text);
  if (isDate || TIMESTAMP_TEXT.test(text)) {
    const full = isDate ? `${text}T00:00:00Z` : text.toUpperCase();
    // JavaScript takes 31 February for 3 March.
    const day = new Date(`${full.slice(0, 10)}T00:00:00Z`);
    if (!Number.isNaN(day.getTime()) && isoDate(day) === full.slice(0, 10)) {
      try {
        return fromJson(TimestampSchema, full);
      } catch {
        // Told below, in our words.
      }
    }
  }
  throw invalid(`${JSON.stringify(text.slice(0, 60))} is not a timestamp`, 'write it as 2026-11-21T08:30:00Z, or 2026-11-21');
}

function timestampAt(seconds: bigint): Timestamp {
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return create(TimestampSchema, { seconds, nanos: 0 });
  throw new Fault({ code: 'EXPRESSION_OVERFLOW', text: `${seconds} seconds after 1970 are outside of the years 1 to 9999` });
}

const millisecondsOf = ({ seconds, nanos }: Timestamp): number => Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);

/** Times. The library reads fields by the zone of the machine; these depend on nothing but their arguments. */
export function createTimes(meter: Meter): readonly CelFunc[] {
  const wallClock = createZones(meter);
  const fields = FIELDS.flatMap(([name, read]) => [
    celMethod(name, TIMESTAMP, [], INT, function () {
      return BigInt(read(new Date(millisecondsOf(this.message))));
    }),
    celMethod(name, TIMESTAMP, [STRING], INT, function (zone) {
      return BigInt(read(wallClock(millisecondsOf(this.message), zone)));
    }),
  ]);
  return [
    ...fields,
    celFunc('timestamp', [STRING], TIMESTAMP, readTimestamp),
    celFunc('timestamp', [INT], TIMESTAMP, timestampAt),
    celMethod('toDate', TIMESTAMP, [], STRING, function () {
      return isoDate(new Date(millisecondsOf(this.message)));
    }),
    celMethod('toDate', TIMESTAMP, [STRING], STRING, function (zone) {
      return isoDate(wallClock(millisecondsOf(this.message), zone));
    }),
  ];
}
