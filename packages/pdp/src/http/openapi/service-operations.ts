import { z } from 'zod';
import { type Operation, ok, text } from './operation.ts';

/** What the service says of itself. */
export const SERVICE_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/health',
    id: 'health',
    tag: 'operation',
    summary: 'Is the service there',
    audience: 'anybody',
    query: { bundles: text, bundle: text },
    answers: ok('It is', z.strictObject({ status: z.literal('ok'), policies: z.boolean() })),
  },
  {
    method: 'get',
    path: '/health/{path}',
    id: 'healthByPolicy',
    tag: 'operation',
    summary: 'Does the rule below `data.system.health` say that it is well',
    audience: 'point',
    answers: {
      200: { description: 'It is true', schema: z.strictObject({}) },
      500: { description: 'It is not', schema: z.strictObject({ error: text }) },
    },
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'ready',
    tag: 'operation',
    summary: 'Can the service decide',
    audience: 'anybody',
    answers: ok('It can', z.strictObject({ status: z.literal('ready') })),
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    tag: 'operation',
    summary: "Measurements in Prometheus's text format",
    audience: 'operator',
    answers: { 200: { description: 'Metrics', schema: text, type: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openapi',
    tag: 'operation',
    summary: 'This document',
    audience: 'anybody',
    answers: ok('OpenAPI 3.1', z.looseObject({ openapi: text })),
  },
];
