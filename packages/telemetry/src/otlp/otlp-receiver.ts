import { resourceFromAttributes } from '@opentelemetry/resources';

/** A receiver of OTLP/HTTP, and as whom we send. */
export interface OtlpReceiver {
  /** Path included: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `service.name`, by which the receiver tells processes apart. */
  readonly serviceName: string;
  readonly serviceVersion?: string;
}

const SEND_WAIT_MS = 5_000;

/** How much waits, and how often it is sent; what is more is dropped. */
export const BATCHES = {
  maxQueueSize: 2_048,
  scheduledDelayMillis: 1_000,
  exportTimeoutMillis: SEND_WAIT_MS,
} as const;

/** What the exporters are made of. */
export function exporterOf({ url, headers }: OtlpReceiver) {
  return {
    url,
    timeoutMillis: SEND_WAIT_MS,
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  };
}

/** What is told of the sender. */
export function resourceOf({ serviceName, serviceVersion }: OtlpReceiver) {
  return resourceFromAttributes({
    'service.name': serviceName,
    ...(serviceVersion === undefined ? {} : { 'service.version': serviceVersion }),
  });
}
