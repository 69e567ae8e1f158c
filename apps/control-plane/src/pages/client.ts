/**
 * What runs in the pages of `account.ts`, at the visitor. It is sent as its own source text: it may use nothing but what is inside it.
 * Tokens stay in variables; the page stores nothing.
 */
export const accountClient = (): void => {
  interface Tenant {
    readonly id: string;
    readonly name: string | null;
    readonly slug: string;
  }
  // biome-ignore lint/suspicious/noExplicitAny: wire bodies of many routes
  type Body = any;
  const main = document.querySelector('main') as HTMLElement;

  const call = async (method: string, path: string, body?: object, token?: string, tenant?: string): Promise<Body> => {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(tenant === undefined ? {} : { 'x-miosa-tenant': tenant }),
    };
    const answer = await fetch(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const read = await answer.json();
    if (!answer.ok) throw new Error(read.error.message);
    return read;
  };

  /** Text is set as text, never as markup: names come from other people. */
  const show = (title: string, ...lines: readonly string[]): void => {
    const heading = document.createElement('h1');
    heading.textContent = title;
    main.replaceChildren(
      heading,
      ...lines.map((line) => {
        const paragraph = document.createElement('p');
        paragraph.textContent = line;
        return paragraph;
      }),
    );
    document.title = title;
  };

  interface Field {
    readonly name: string;
    readonly label: string;
    readonly type?: string;
    readonly value?: string;
    readonly complete?: string;
    readonly minLength?: number;
    readonly optional?: true;
    readonly choices?: readonly (readonly [value: string, text: string])[];
  }

  const control = ({ name, type = 'text', value = '', complete = 'off', minLength, optional, choices }: Field) => {
    if (choices !== undefined) {
      const select = document.createElement('select');
      select.name = name;
      for (const [option, text] of choices) select.append(new Option(text, option));
      return select;
    }
    const input = document.createElement('input');
    Object.assign(input, { name, type, value, autocomplete: complete, required: optional !== true });
    if (minLength !== undefined) input.minLength = minLength;
    return input;
  };

  const ask = (legend: string, fields: readonly Field[], act: (values: Record<string, string>) => Promise<void>): void => {
    const form = document.createElement('form');
    const error = document.createElement('p');
    error.setAttribute('role', 'alert');
    const button = document.createElement('button');
    button.textContent = legend;
    const labels = fields.map((field) => {
      const label = document.createElement('label');
      label.append(field.label, control(field));
      return label;
    });
    form.append(...labels, button, error);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      button.disabled = true;
      error.textContent = '';
      const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
      act(values)
        .catch((failure: Error) => {
          error.textContent = failure.message;
        })
        .finally(() => {
          button.disabled = false;
        });
    });
    main.append(form);
  };

  const email: Field = { name: 'email', label: 'E-mail', type: 'email', complete: 'username' };
  const password: Field = { name: 'password', label: 'Password', type: 'password', complete: 'current-password' };
  const newPassword: Field = { name: 'password', label: 'New password', type: 'password', complete: 'new-password', minLength: 10 };

  const invite = async (token: string): Promise<void> => {
    const path = `/invites/${encodeURIComponent(token)}`;
    const { data } = await call('GET', path);
    if (data.accepted) return show('Already accepted', 'This invite was used. Log in with your account.');
    if (data.expired || data.revoked) return show('No longer good', 'This invite is expired or revoked. Ask for a new one.');
    const place = data.workspace_name === null ? data.tenant_name : `${data.workspace_name} (${data.tenant_name})`;
    const done = (): void => show('You are in', `You belong to ${place} now, as ${data.role}.`, 'On the command line: miosa login');
    show(`Invitation to ${place}`, `${data.email} is invited as ${data.role}.`, 'New here? Make an account:');
    ask('Make an account', [{ name: 'name', label: 'Your name', complete: 'name', optional: true }, newPassword], async (values) => {
      await call('POST', '/auth/register', {
        email: data.email,
        password: values.password,
        name: values.name === '' ? null : values.name,
        invite_token: token,
      });
      done();
    });
    main.append(Object.assign(document.createElement('p'), { textContent: 'You have an account already?' }));
    ask('Log in and accept', [password], async (values) => {
      const session = await call('POST', '/auth/login', { email: data.email, password: values.password });
      await call('POST', `${path}/accept`, {}, session.token);
      await call('POST', '/auth/logout', {}, session.token);
      done();
    });
  };

  const reset = async (): Promise<void> => {
    const token = location.hash.slice(1);
    history.replaceState(null, '', location.pathname);
    if (token === '') return show('Incomplete link', 'Open the whole link from your mail, or ask for a new one.');
    show('Set a new password', 'Every session of your account ends.');
    ask('Set it', [newPassword], async (values) => {
      await call('POST', '/auth/password/reset', { token, password: values.password });
      show('Done', 'Your new password is set. Log in with it.');
    });
  };

  const approve = async (userCode: string, session: string, tenant: string | undefined): Promise<void> => {
    await call('POST', '/auth/cli/approve', { user_code: userCode }, session, tenant);
    await call('POST', '/auth/logout', {}, session);
    show('Approved', 'Return to your program: it is logged in.');
  };

  const device = async (): Promise<void> => {
    const code = new URLSearchParams(location.search).get('user_code') ?? '';
    show(
      'Log a program in',
      'Only go on if you started this login yourself just now and the program shows this very code. It will act for you until you revoke its key.',
    );
    ask('Log in', [{ name: 'code', label: 'Code', value: code }, email, password], async (values) => {
      const session = await call('POST', '/auth/login', { email: values.email, password: values.password });
      const { data } = await call('GET', '/platform/tenants', undefined, session.token);
      const tenants = data as readonly Tenant[];
      if (tenants.length < 2) return approve(values.code ?? '', session.token, undefined);
      show('In which organization?', `The program with the code ${values.code} will act for you there.`);
      const choices = tenants.map(({ id, name, slug }) => [id, name ?? slug] as const);
      ask('Approve', [{ name: 'tenant', label: 'Organization', choices }], (chosen) =>
        approve(values.code ?? '', session.token, chosen.tenant),
      );
    });
  };

  const [, page = '', token = ''] = location.pathname.split('/');
  const begin = page === 'invites' ? invite(token) : page === 'device' ? device() : reset();
  begin.catch((failure: Error) => show('That did not work', failure.message));
};
