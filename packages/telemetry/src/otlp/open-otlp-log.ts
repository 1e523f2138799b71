import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Log, LogRecord } from '../log.ts';
import { BATCHES, exporterOf, type OtlpReceiver, resourceOf } from './otlp-receiver.ts';
import { spanContextOf } from './span-context.ts';

const SEVERITIES: Readonly<Record<LogRecord['severity'], SeverityNumber>> = {
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Records that are sent by OTLP/HTTP in JSON. What cannot be sent is dropped; nothing waits for the receiver. */
export function openOtlpLog(receiver: OtlpReceiver): Log {
  const exporter = new OTLPLogExporter(exporterOf(receiver));
  const provider = new LoggerProvider({
    resource: resourceOf(receiver),
    processors: [new BatchLogRecordProcessor({ exporter, ...BATCHES })],
  });
  const logger = provider.getLogger('writ');
  return {
    write: ({ severity, event, message, attributes, trace: told }) => {
      const span = spanContextOf(told);
      logger.emit({
        eventName: event,
        severityNumber: SEVERITIES[severity],
        severityText: severity.toUpperCase(),
        body: message,
        attributes: { ...attributes },
        context: span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span),
      });
    },
    close: async () => {
      await provider.shutdown().catch(() => undefined);
    },
  };
}
