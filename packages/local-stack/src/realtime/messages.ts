import type { Database } from './database.ts';
import { createDrain, type Drain } from './drain.ts';
import { broadcastBody, broadcastFrame, type Broadcast } from './frames.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Log } from './throttled-log.ts';
import type { Topics } from './topics.ts';

export interface MessagesPorts {
  readonly database: Pick<Database, 'query'>;
  readonly topics: Pick<Topics, 'fanOut'>;
  readonly limits: RealtimeLimits;
  /** Called for each batch that was not empty. */
  readonly onTaken: () => void;
  readonly log: Log;
}

export interface MessageRow {
  readonly id: string;
  readonly topic: string;
  readonly event: string | null;
  readonly private: boolean;
  /** JSON text, as it travels on. */
  readonly payload: string | null;
  readonly binary_payload: Buffer | null;
}

const BATCH_SIZE = 500;
const MAX_NAME_BYTES = 255;

/** Rows of a batch are bounded by their bytes too; the first one always goes. */
const TAKE = `
  with next as (
    select o.id, sum(coalesce(pg_column_size(m.payload), 0) + coalesce(octet_length(m.binary_payload), 0)) over (order by o.id) as bytes
    from (select id, message_id from realtime.message_outbox order by id limit $1) o
    left join realtime.messages m on m.id = o.message_id
  ),
  taken as (
    delete from realtime.message_outbox
    where id in (select id from next where bytes <= $2 union all select min(id) from next)
    returning id, message_id
  )
  select m.id, m.topic, m.event, coalesce(m.private, false) as private, m.payload::text as payload, m.binary_payload
  from taken t join realtime.messages m on m.id = t.message_id
  order by t.id`;
const BATCH_BYTES = 16_000_000;

/** Hands on what was inserted into realtime.messages. */
export const createMessages = ({ database, topics, limits, onTaken, log }: MessagesPorts): Drain =>
  createDrain<MessageRow>({
    name: 'messages',
    batchSize: BATCH_SIZE,
    onTaken,
    log,
    take: (batchSize) => database.query<MessageRow>(TAKE, [batchSize, BATCH_BYTES], 'take_messages'),
    handle: (rows) => {
      for (const row of rows) {
        const broadcast = readBroadcast(row, limits);
        if (broadcast === undefined) log(`message ${row.id} has a name or payload beyond the limits; nobody gets it`);
        else {
          const frame = broadcastFrame(`realtime:${row.topic}`, broadcast, { id: row.id });
          topics.fanOut({ topic: row.topic, isPrivate: row.private }, { frame, messageId: row.id });
        }
      }
    },
  });

/** Undefined: too large. */
export const readBroadcast = (row: MessageRow, limits: RealtimeLimits, more = {}): Broadcast | undefined => {
  const event = row.event ?? '';
  const isNamed = Buffer.byteLength(row.topic) < limits.topicBytes && Buffer.byteLength(event) <= MAX_NAME_BYTES;
  const payload = row.payload ?? '{}';
  const payloadBytes = row.binary_payload?.length ?? Buffer.byteLength(payload);
  if (!isNamed || payloadBytes > limits.payloadBytes) return undefined;
  return row.binary_payload === null
    ? { kind: 'json', body: broadcastBody({ event, payload, meta: { ...more, id: row.id } }), payloadBytes }
    : { kind: 'binary', event, bytes: row.binary_payload, payloadBytes };
};
