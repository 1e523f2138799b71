import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Approver, operatorApprover } from '../../pipeline/approver.ts';
import { authenticate } from '../credentials.ts';
import type { ApiContext } from '../http-api.ts';
import { approvalPage, listPage, loginPage, messagePage, PAGE_HEADERS } from './html.ts';
import { isOwnForm, type PageSession, PageSessions, SESSION_COOKIE } from './sessions.ts';
import { standingPage } from './standing-html.ts';

interface IdParams {
  readonly Params: { readonly id: string };
}

/** Routes that say themselves who may use them, take forms, and are reached by links. */
const PAGE = { config: { ownAuthentication: true, rawBody: true, page: true } } as const;
const APPROVALS_AT_ONCE = 200;

/** The page for people: what waits, one call whole, and two buttons. No script; forms carry a token of their session. */
export function registerPageRoutes(app: FastifyInstance, context: ApiContext): void {
  const { approvals, standing } = context.service.administration;
  const sessions = new PageSessions();
  const secure = context.pageUrl?.startsWith('https:') === true ? '; Secure' : '';
  const cookie = (value: string, more = '') =>
    `${SESSION_COOKIE}=${value}; Path=/approvals; HttpOnly; SameSite=Lax${secure}${more}`;
  const show = (reply: FastifyReply, html: string, status = 200) =>
    reply.code(status).headers(PAGE_HEADERS).send(html);
  const sessionOf = (request: FastifyRequest) => sessions.of(request.headers.cookie);

  app.get('/approvals', PAGE, async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return show(reply, loginPage(undefined, '/approvals'));
    const lines = await approvals.pending(session.approver);
    return show(reply, listPage(lines.slice(0, APPROVALS_AT_ONCE), session.approver.id, session.csrf));
  });
  app.post('/approvals/login', PAGE, async (request, reply) => {
    const form = formOf(request);
    const approver = approverNamed(form.get('token') ?? '', context);
    const next = nextOf(form.get('next'));
    if (approver === undefined) return show(reply, loginPage('This token is not known.', next), 401);
    const session = sessions.begin({ ...approver, channel: 'page' });
    return reply.header('Set-Cookie', cookie(session.id)).redirect(next, 303);
  });
  app.post('/approvals/logout', PAGE, async (request, reply) => {
    const session = ownSession(request, sessions);
    if (session !== undefined) sessions.end(session);
    return reply.header('Set-Cookie', cookie('', '; Max-Age=0')).redirect('/approvals', 303);
  });
  app.get('/approvals/standing', PAGE, async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return show(reply, loginPage(undefined, '/approvals/standing'));
    const permissions = await standing.list({ person: session.approver });
    return show(reply, standingPage(permissions, session.approver.id, session.csrf));
  });
  app.post('/approvals/standing', PAGE, async (request, reply) => {
    const session = ownSession(request, sessions);
    if (session === undefined) return show(reply, messagePage('Not done', FOREIGN), 403);
    const revoked = await standing.revoke(formOf(request).get('id') ?? '', session.approver);
    if (!revoked.ok) return show(reply, messagePage('Not done', revoked.message), 409);
    return reply.redirect('/approvals/standing', 303);
  });
  app.get<IdParams>('/approvals/:id', PAGE, async (request, reply) => {
    const session = sessionOf(request);
    const { id } = request.params;
    if (session === undefined)
      return show(reply, loginPage(undefined, `/approvals/${encodeURIComponent(id)}`));
    const approval = await approvals.get(id, session.approver);
    if (approval === undefined)
      return show(reply, messagePage('Not found', 'There is no such approval.'), 404);
    return show(reply, approvalPage(approval, session.approver.id, session.csrf, undefined));
  });
  app.post<IdParams>('/approvals/:id', PAGE, async (request, reply) => {
    const session = ownSession(request, sessions);
    if (session === undefined) return show(reply, messagePage('Not done', FOREIGN), 403);
    const { id } = request.params;
    const said = await judge(context, session, formOf(request), id);
    const approval = await approvals.get(id, session.approver);
    if (approval === undefined)
      return show(reply, messagePage('Not found', 'There is no such approval.'), 404);
    return show(
      reply,
      approvalPage(approval, session.approver.id, session.csrf, said),
      said === undefined ? 200 : 409,
    );
  });
  app.post('/approvals', PAGE, async (request, reply) => {
    const session = ownSession(request, sessions);
    if (session === undefined) return show(reply, messagePage('Not done', FOREIGN), 403);
    const form = formOf(request);
    const failed: string[] = [];
    for (const id of form.getAll('id').slice(0, APPROVALS_AT_ONCE)) {
      const said = await judge(context, session, form, id);
      if (said !== undefined) failed.push(`${id}: ${said}`);
    }
    if (failed.length > 0) return show(reply, messagePage('Not all was done', failed.join('\n')), 409);
    return reply.redirect('/approvals', 303);
  });
}

const FOREIGN = 'This form is not of your session: open the page again.';

/** The session whose form this is. */
function ownSession(request: FastifyRequest, sessions: PageSessions): PageSession | undefined {
  const session = sessions.of(request.headers.cookie);
  return session !== undefined && isOwnForm(session, formOf(request).get('csrf')) ? session : undefined;
}

/** Why a verdict does not count; undefined where it does. */
async function judge(
  { service }: ApiContext,
  { approver }: PageSession,
  form: URLSearchParams,
  id: string,
): Promise<string | undefined> {
  const verb = form.get('verdict');
  if (verb !== 'approve' && verb !== 'deny') return 'no verdict was given';
  const comment = form.get('comment')?.slice(0, 4000);
  const said = comment === undefined || comment === '' ? undefined : comment;
  const result = await service.administration.approvals[verb](id, approver, said);
  return result.ok ? undefined : result.message;
}

function approverNamed(token: string, { credentials }: ApiContext): Approver | undefined {
  const found = authenticate(`Bearer ${token.trim()}`, credentials);
  if (found.kind === 'approver') return found.approver;
  return found.kind === 'operator' ? operatorApprover(found.name) : undefined;
}

/** Only back to this page: never to where a link says. */
function nextOf(text: string | null): string {
  return text !== null && /^\/approvals(?:\/[A-Za-z0-9%-]+)?$/.test(text) ? text : '/approvals';
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '');
}
