import winston from 'winston';
import type { Log, LogFields } from '../../ports/log.ts';

/** Options of {@link createLog}. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json`: a line of JSON each; `text`: for people. */
  readonly format: 'json' | 'text';
  readonly program: string;
}

const text = winston.format.printf(({ timestamp, level, message, program, ...fields }) => {
  const facts = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [String(timestamp), level.padEnd(5), String(program), String(message), ...facts].join(' ');
});

const wrap = (logger: winston.Logger): Log => ({
  debug: (event, fields) => void logger.debug(event, fields),
  info: (event, fields) => void logger.info(event, fields),
  warn: (event, fields) => void logger.warn(event, fields),
  error: (event, fields) => void logger.error(event, fields),
  child: (fields: LogFields) => wrap(logger.child(fields)),
});

/** Structured logs on standard output. */
export const createLog = ({ level, format, program }: LogOptions): Log =>
  wrap(
    winston.createLogger({
      level: level === 'silent' ? 'error' : level,
      silent: level === 'silent',
      defaultMeta: { program },
      format: winston.format.combine(winston.format.timestamp(), format === 'json' ? winston.format.json() : text),
      transports: [new winston.transports.Console()],
    }),
  );
