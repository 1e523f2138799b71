import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@writ/decision';
import type { ChosenCall } from './scripted-agent.ts';

/** One act of the tour: a call, what must come of it, and how to see that it did. */
export interface Step {
  readonly title: string;
  readonly call: ChosenCall;
  readonly expect: { readonly outcome: Outcome; readonly reason: string };
  /** A refusal that the model reads, and what it does then; must succeed. */
  readonly replan?: { readonly refusal: string; readonly call: ChosenCall; readonly reason: string };
  /** Looks at the folder afterwards; gives a sentence, or undefined where the effect is not what it should be. */
  readonly effect?: () => string | undefined;
}

const LONG_TEXT = 'The pilot went well. '.repeat(30);

/** The calls of the tour, in order: every outcome that policies can have. Escalation and budget are shown apart. */
export function tourSteps(files: string): readonly Step[] {
  const path = (name: string): string => join(files, name);
  const unchanged = (name: string) => () => (existsSync(path(name)) ? `${name} is still there` : undefined);
  const absent = (name: string) => () => (existsSync(path(name)) ? undefined : `${name} does not exist`);
  return [
    {
      title: 'allow',
      call: { tool: 'read_text_file', args: { path: path('notes/welcome.txt') } },
      expect: { outcome: 'allow', reason: 'ok' },
    },
    {
      title: 'deny by tool',
      call: {
        tool: 'move_file',
        args: { source: path('notes/welcome.txt'), destination: path('notes/gone.txt') },
      },
      expect: { outcome: 'deny', reason: 'tool_not_allowlisted' },
      effect: unchanged('notes/welcome.txt'),
    },
    {
      title: 'deny by argument value; the model reads why, and replans',
      call: { tool: 'write_file', args: { path: path('drafts/report.txt'), content: LONG_TEXT } },
      expect: { outcome: 'deny', reason: 'text_over_limit' },
      replan: {
        refusal: 'TOOL_DENIED: text_over_limit',
        call: {
          tool: 'write_file',
          args: { path: path('drafts/report.txt'), content: 'The pilot went well.\n' },
        },
        reason: 'ok',
      },
      effect: () =>
        existsSync(path('drafts/report.txt')) && readFileSync(path('drafts/report.txt'), 'utf8').length < 30
          ? 'drafts/report.txt holds the short text'
          : undefined,
    },
    {
      title: 'deny by missing scope',
      call: { tool: 'create_directory', args: { path: path('archive') } },
      expect: { outcome: 'deny', reason: 'insufficient_scope' },
      effect: absent('archive'),
    },
    {
      title: 'sanitize: a field is redacted on its way',
      call: {
        tool: 'write_file',
        args: { path: path('drafts/payment.txt'), content: 'Paid with 4111 1111 1111 1111.' },
      },
      expect: { outcome: 'sanitize', reason: 'card_number_removed' },
      effect: () => {
        const text = existsSync(path('drafts/payment.txt'))
          ? readFileSync(path('drafts/payment.txt'), 'utf8')
          : '4111';
        return text.includes('4111') ? undefined : `drafts/payment.txt holds ${JSON.stringify(text)}`;
      },
    },
    {
      title: 'step up: the person must prove who they are',
      call: { tool: 'read_text_file', args: { path: path('confidential/salaries.txt') } },
      expect: { outcome: 'step_up', reason: 'confidential_folder' },
    },
    {
      title: 'no rule has an answer: undefined is a denial',
      call: { tool: 'get_file_info', args: { path: path('notes/welcome.txt') } },
      expect: { outcome: 'deny', reason: 'policy_undefined' },
    },
    {
      title: 'a policy that errors: a fault is a denial',
      call: { tool: 'directory_tree', args: { path: path('shared') } },
      expect: { outcome: 'deny', reason: 'policy_error' },
    },
  ];
}
