import type { CelValue } from '@bufbuild/cel';
import { isMessage } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';

/** The timestamp that a value is, if it is one. */
export const timestampOf = (value: CelValue): Timestamp | undefined =>
  isReflectMessage(value) && isMessage(value.message, TimestampSchema) ? value.message : undefined;

/** The duration that a value is, if it is one. */
export const durationOf = (value: CelValue): Duration | undefined =>
  isReflectMessage(value) && isMessage(value.message, DurationSchema) ? value.message : undefined;
