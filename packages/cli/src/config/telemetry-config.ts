import { z } from 'zod';

/** A receiver of OTLP/HTTP. */
const receiver = (path: string) => ({
  url: z
    .url({ protocol: /^https?$/ })
    .describe(`Receiver of OTLP/HTTP, path included: http://127.0.0.1:4318${path}`),
  headers: z.record(z.string(), z.string()).optional(),
  service_name: z.string().min(1).optional().describe('Default: writ'),
});

/** `telemetry` in `writ.yaml`. */
export const telemetrySchema = z
  .strictObject({
    traces: z
      .strictObject({
        ...receiver('/v1/traces'),
        sample_ratio: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('Share of traces that begin here and are kept. Default: 1'),
      })
      .optional()
      .describe('Spans by OpenTelemetry; absent: none'),
    logs: z
      .strictObject(receiver('/v1/logs'))
      .optional()
      .describe('Decisions, changes of policies and faults as log records by OpenTelemetry; absent: none'),
  })
  .describe('What is told to whoever watches the service');
export type TelemetryConfig = z.infer<typeof telemetrySchema>;
