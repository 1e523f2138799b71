import { createMeters, type Meters, NO_TRACER, type Tracer } from '@writ/telemetry';
import type { TelemetryConfig } from '../config/telemetry-config.ts';
import { ownVersion } from '../own-version.ts';
import { defined } from './caller-of.ts';

export interface OpenTelemetry {
  readonly meters: Meters;
  readonly tracer: Tracer;
}

/** Meters always; spans where a receiver is named, whose libraries are loaded then and only then. */
export async function openTelemetry(config: TelemetryConfig | undefined): Promise<OpenTelemetry> {
  const meters = createMeters();
  const traces = config?.traces;
  if (traces === undefined) return { meters, tracer: NO_TRACER };
  const { openOtlp } = await import('@writ/telemetry/otlp');
  const { url, headers, service_name, sample_ratio } = traces;
  const tracer = openOtlp({
    url,
    serviceName: service_name ?? 'writ',
    serviceVersion: ownVersion(),
    ...defined({ headers, sampleRatio: sample_ratio }),
  });
  return { meters, tracer };
}
