import { z } from 'zod';

/** `telemetry` in `writ.yaml`. */
export const telemetrySchema = z
  .strictObject({
    traces: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/ })
          .describe('Receiver of OTLP/HTTP, path included: http://127.0.0.1:4318/v1/traces'),
        headers: z.record(z.string(), z.string()).optional(),
        service_name: z.string().min(1).optional().describe('Default: writ'),
        sample_ratio: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('Share of traces that begin here and are kept. Default: 1'),
      })
      .optional()
      .describe('Spans by OpenTelemetry; absent: none'),
  })
  .describe('What is told to whoever watches the service');
export type TelemetryConfig = z.infer<typeof telemetrySchema>;
