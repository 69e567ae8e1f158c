import { type MiosaOptions, resolveConfig } from './config.ts';
import { apiKeysApi, auditApi, authApi } from './resources/access.ts';
import { adminApi } from './resources/admin.ts';
import { browserTokensApi, settingsApi } from './resources/browserTokens.ts';
import { bulkApi } from './resources/bulk.ts';
import { deploymentsApi } from './resources/deployments.ts';
import { eventsApi } from './resources/events.ts';
import { invitesApi } from './resources/members.ts';
import { sandboxesApi } from './resources/sandboxes.ts';
import { templatesApi } from './resources/templates.ts';
import { platformApi, projectsApi, tenantApi, tenantsApi, workspacesApi } from './resources/tenancy.ts';
import { type CallOptions, Transport } from './transport.ts';

export interface RawRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** JSON text, sent as it is. */
  readonly body?: string;
}

/**
 * The MIOSA API. One object per credential; it holds kept-alive connections, so make it once and share it.
 * Every call can throw a `MiosaError`; each takes `{signal, timeoutMs, maxRetries, idempotencyKey}` last.
 */
export class Miosa {
  readonly #transport: Transport;
  /** Where this client sends its calls. */
  readonly baseUrl: string;
  readonly auth: ReturnType<typeof authApi>;
  readonly apiKeys: ReturnType<typeof apiKeysApi>;
  readonly audit: ReturnType<typeof auditApi>;
  /** For operators of the installation. */
  readonly admin: ReturnType<typeof adminApi>;
  readonly bulk: ReturnType<typeof bulkApi>;
  /** What happened, and what happens. */
  readonly events: ReturnType<typeof eventsApi>;
  readonly browserTokens: ReturnType<typeof browserTokensApi>;
  readonly settings: ReturnType<typeof settingsApi>;
  readonly platform: ReturnType<typeof platformApi>;
  readonly tenants: ReturnType<typeof tenantsApi>;
  readonly tenant: ReturnType<typeof tenantApi>;
  readonly invites: ReturnType<typeof invitesApi>;
  readonly workspaces: ReturnType<typeof workspacesApi>;
  readonly projects: ReturnType<typeof projectsApi>;
  readonly sandboxes: ReturnType<typeof sandboxesApi>;
  readonly templates: ReturnType<typeof templatesApi>;
  readonly deployments: ReturnType<typeof deploymentsApi>;

  /** @throws ConfigurationError for wrong options, and for an `msk_` key in a browser. */
  constructor(options: MiosaOptions = {}) {
    const config = resolveConfig(options);
    const transport = new Transport(config);
    this.#transport = transport;
    this.baseUrl = config.baseUrl;
    this.auth = authApi(transport);
    this.apiKeys = apiKeysApi(transport);
    this.audit = auditApi(transport);
    this.admin = adminApi(transport);
    this.bulk = bulkApi(transport);
    this.events = eventsApi(transport);
    this.browserTokens = browserTokensApi(transport);
    this.settings = settingsApi(transport);
    this.platform = platformApi(transport);
    this.tenants = tenantsApi(transport);
    this.tenant = tenantApi(transport);
    this.invites = invitesApi(transport);
    this.workspaces = workspacesApi(transport);
    this.projects = projectsApi(transport);
    this.sandboxes = sandboxesApi(transport);
    this.templates = templatesApi(transport);
    this.deployments = deploymentsApi(transport);
  }

  /** Any path below the base URL, in the wire's own form (snake_case, envelope and all). */
  request(pathname: string, request: RawRequest = {}, options?: CallOptions): Promise<unknown> {
    const { method = request.body === undefined ? 'GET' : 'POST', query, body } = request;
    return this.#transport.wire({
      method,
      path: pathname.startsWith('/') ? pathname : `/${pathname}`,
      query,
      options,
      ...(body === undefined ? {} : { payload: body, headers: { 'content-type': 'application/json' } }),
    });
  }
}
