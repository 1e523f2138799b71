/** Spans and records that are sent somewhere: an entry of its own, since few need the libraries behind it. */
export { type OtlpOptions, openOtlp } from './open-otlp.ts';
export { openOtlpLog } from './open-otlp-log.ts';
export type { OtlpReceiver } from './otlp-receiver.ts';
