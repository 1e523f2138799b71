import { STRICT_JSON_CODES } from '@writ/decision';
import type { StepRule } from './step-rule.ts';

/** What a request carries from the moment that it is known to be one, over HTTP and stdio alike. */
export type CallCarried = 'message' | 'caller' | 'answers' | 'target' | 'decision' | 'answer' | 'result';

/** Any code that policies and the decision point give (`reason-codes.md`). */
export const DECISION_REASONS = 'reasons of the decision';

/**
 * The way of one request from there to its server and back. The code branches here, by method, era and answer; a test
 * holds each refusal, and the order of what happens, to this table.
 */
export const CALL_STEPS = {
  answers: {
    name: 'answers',
    about:
      'answers that a client brings to questions of an earlier round: opened once, for the same caller and request',
    needs: ['message', 'caller'],
    adds: ['answers'],
    refuses: ['request_state_invalid'],
  },
  locate: {
    name: 'locate',
    about: 'which server and which of its tools, resources or prompts is meant',
    needs: ['message'],
    adds: ['target'],
    refuses: ['upstream_unavailable', 'tool_unknown', 'resource_unknown', 'prompt_unknown'],
  },
  pin: {
    name: 'pin',
    about: 'the definition of a tool, or the description of a prompt, must be the pinned one',
    needs: ['target'],
    adds: [],
    refuses: ['tool_changed', 'prompt_changed'],
  },
  decision: {
    name: 'decision',
    about:
      'the decision point decides, with what is durable before it answers; one that fails or hangs denies',
    needs: ['caller', 'target', 'message'],
    adds: ['decision'],
    refuses: [DECISION_REASONS, 'policy_engine_unavailable', 'policy_timeout'],
  },
  forward: {
    name: 'forward',
    about: 'the authorised form goes to the connection that described the target, and nothing else',
    needs: ['target', 'decision'],
    adds: ['answer'],
    refuses: ['outcome_not_expressible', 'upstream_unavailable'],
  },
  questions: {
    name: 'questions',
    about:
      'what a server asks of its client, each a decision of its own; what it is answered passes the output policy',
    needs: ['answers', 'decision'],
    adds: ['answer'],
    refuses: [DECISION_REASONS, 'method_unknown', 'input_refused', 'input_unanswered'],
  },
  judgement: {
    name: 'judgement',
    about:
      'the output policy sees the whole answer, also an error; what is too large to be read strictly is withheld',
    needs: ['decision', 'answer'],
    adds: ['result'],
    refuses: [DECISION_REASONS, ...STRICT_JSON_CODES, 'audit_unavailable', 'result_withheld'],
  },
  release: {
    name: 'release',
    about: 'the result goes out under the names that clients use, with the verdict in `_meta`',
    needs: ['result'],
    adds: [],
    refuses: [],
  },
} as const satisfies Readonly<Record<string, StepRule<CallCarried>>>;
export type CallStep = keyof typeof CALL_STEPS;
