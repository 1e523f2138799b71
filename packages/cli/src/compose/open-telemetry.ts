import { createMeters, type Log, type Meters, NO_LOG, NO_TRACER, type Tracer } from '@writ/telemetry';
import type { TelemetryConfig } from '../config/telemetry-config.ts';
import { ownVersion } from '../own-version.ts';
import { defined } from './caller-of.ts';

export interface OpenTelemetry {
  readonly meters: Meters;
  readonly tracer: Tracer;
  readonly log: Log;
  close(): Promise<void>;
}

/** Meters always; spans and records where a receiver is named, whose libraries are loaded then and only then. */
export async function openTelemetry({ traces, logs }: TelemetryConfig = {}): Promise<OpenTelemetry> {
  const meters = createMeters();
  if (traces === undefined && logs === undefined)
    return { meters, tracer: NO_TRACER, log: NO_LOG, close: async () => {} };
  const { openOtlp, openOtlpLog } = await import('@writ/telemetry/otlp');
  const receiverOf = ({ url, headers, service_name }: NonNullable<TelemetryConfig['logs']>) => ({
    url,
    serviceName: service_name ?? 'writ',
    serviceVersion: ownVersion(),
    ...defined({ headers }),
  });
  const tracer =
    traces === undefined
      ? NO_TRACER
      : openOtlp({ ...receiverOf(traces), ...defined({ sampleRatio: traces.sample_ratio }) });
  const log = logs === undefined ? NO_LOG : openOtlpLog(receiverOf(logs));
  return {
    meters,
    tracer,
    log,
    close: async () => {
      await Promise.all([tracer.close(), log.close()]);
    },
  };
}
