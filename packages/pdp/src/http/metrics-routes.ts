import type { FastifyInstance } from 'fastify';
import { LATENCY_BOUNDS_S } from '../pipeline/meters.ts';
import type { Measured } from '../pipeline/service.ts';
import { type ApiContext, requireOperator } from './http-api.ts';
import type { LoadReading } from './load-guard.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `/metrics` in Prometheus's text format, for the operator; in development on loopback, for whoever may decide. */
export function registerMetricsRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/metrics', async (request, reply) => {
    const open = context.development && context.loopback && request.headers.authorization === undefined;
    if (!open) requireOperator(request, context);
    return reply
      .type(CONTENT_TYPE)
      .send(
        metricsText(await context.service.administration.measure()) +
          loadText(context.load.read()) +
          (context.meters?.() ?? ''),
      );
  });
}

/** What this listener does of its own. */
function loadText({ inFlight, shed }: LoadReading): string {
  const refused = Object.entries(shed).map(([code, count]): Sample => [{ code }, count]);
  return [
    family('writ_requests_in_flight', 'gauge', 'Requests that are being served.', [[{}, inFlight]]),
    family('writ_requests_shed_total', 'counter', 'Requests that were refused unread, by code.', refused),
  ].join('');
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number, suffix?: string];

/** The measurements as text. (https://prometheus.io/docs/instrumenting/exposition_formats/) */
export function metricsText({ meters, store, ...measured }: Measured): string {
  const { approvalsPending, sessionsBusy, storeWaiting, logSize } = measured;
  const decisions = meters.decisions.map(
    ({ outcome, effect, count }): Sample => [{ outcome, effect }, count],
  );
  const refusals = meters.refusals.map(({ reason, layer, count }): Sample => [{ reason, layer }, count]);
  return [
    family('writ_decisions_total', 'counter', 'Decisions, by outcome and effect.', decisions),
    family('writ_refusals_total', 'counter', 'Refused effects, by leading reason and its layer.', refusals),
    family('writ_decision_seconds', 'histogram', 'Time from question to durable answer.', latency(meters)),
    family('writ_approvals_pending', 'gauge', 'Approvals that wait for a person.', [[{}, approvalsPending]]),
    family('writ_sessions_busy', 'gauge', 'Sessions with decisions under way.', [[{}, sessionsBusy]]),
    family('writ_store_queue_depth', 'gauge', 'Calls of the store that this process waits for.', [
      [{}, storeWaiting],
    ]),
    family('writ_store_calls_total', 'counter', 'Calls that the store made durable.', [[{}, store.calls]]),
    family('writ_store_failures_total', 'counter', 'Calls that the store undid.', [[{}, store.failed]]),
    family('writ_store_transactions_total', 'counter', 'Transactions that held them.', [[{}, store.batches]]),
    family('writ_record_entries', 'gauge', 'Entries of the record.', [[{}, logSize]]),
  ].join('');
}

function latency({ latencyCounts, latencySumS }: Measured['meters']): Sample[] {
  let total = 0;
  const buckets = latencyCounts.map((count, index): Sample => {
    total += count;
    return [{ le: LATENCY_BOUNDS_S[index]?.toString() ?? '+Inf' }, total, '_bucket'];
  });
  return [...buckets, [{}, latencySumS, '_sum'], [{}, total, '_count']];
}

function family(
  name: string,
  kind: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(
    ([labels, value, suffix = '']) => `${name}${suffix}${labelled(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const written = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return written.length === 0 ? '' : `{${written.join(',')}}`;
}

/** Reasons are the policies' own words. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
