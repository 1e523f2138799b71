import { z } from 'zod';
import { tokenHashSchema } from './caller-config.ts';

const strings = z.array(z.string());
const file = z.string().min(1);
const channelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be lower-case letters, digits, "-" or "_", at most 32');

/** People who may be asked to approve calls. */
export const approversSchema = z
  .array(
    z.strictObject({
      id: z.string().min(1).describe('As decisions name people: user:carol'),
      token_hash: tokenHashSchema.optional().describe('Absent: judges by channels only'),
      also: strings.optional().describe('Other ids of the same person: nobody approves their own call'),
      groups: strings.optional().describe('Groups that policies about approvers name'),
      tenants: strings.optional().describe('Sees and judges approvals of these tenants only'),
      slack: z.string().optional().describe('The person’s id in Slack'),
    }),
  )
  .optional()
  .describe('People who may be asked to approve calls');

/** Where people are asked, beside the terminal and the page. */
export const channelsSchema = z
  .strictObject({
    page_url: z.url().max(2_000).optional().describe('Where people reach this service; links lead there'),
    allow: z
      .array(z.enum(['loopback', 'private']))
      .optional()
      .describe('Networks beside public ones that channels may be in'),
    webhooks: z
      .array(
        z.strictObject({
          name: channelName.describe('What decisions call the channel'),
          url: z.url(),
          secret_file: file.describe('File with the key, `whsec_` and base64 of 24 to 64 bytes'),
        }),
      )
      .optional()
      .describe('Receivers of Standard Webhooks'),
    slack: z
      .strictObject({
        token_file: file.describe('File with the bot token, xoxb-…'),
        signing_secret_file: file.describe('File with the signing secret of the app'),
        channel: z.string().min(1).describe('Id of the conversation that is asked'),
      })
      .optional(),
    callbacks: z
      .array(
        z.strictObject({
          name: channelName.describe('What faults call it'),
          url: z.url().describe('The very address that access requests name as `callback.endpoint`'),
          secret_file: file.describe('File with the key, `whsec_` and base64 of 24 to 64 bytes'),
          points: strings.optional().describe('Enforcement points that may name it; absent: any'),
        }),
      )
      .optional()
      .describe('Where enforcement points are told what became of AuthZEN access requests'),
    teams: z
      .strictObject({ url_file: file.describe('File with the address of the workflow, which is a secret') })
      .optional(),
  })
  .optional()
  .describe('Where people are asked to approve; files are relative to this file');
