import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import type { ConnectOptions } from '../../src/jenkins/http';
import { JenkinsError } from '../../src/jenkins/jenkinsError';
import { startJenkins } from '../bed/jenkins/double';
import type { Fault } from '../bed/jenkins/faults';

const { signal } = new AbortController();
const users = { ada: { token: 'canary-t0ken', password: 'canary-pass' } };
const signedIn = { user: 'ada', token: 'canary-t0ken' };

/** The failure to greet a server whose answers, or those before it, are these. */
async function failure(
  fault: Fault,
  connection: Partial<ConnectOptions> = {},
): Promise<JenkinsError> {
  await using jenkins = await startJenkins({ world: { jobs: [] }, users });
  jenkins.fault(/./, fault);
  using client = connect({ base: jenkins.base, ...connection });
  const error: unknown = await client.ping(signal).catch((reason: unknown) => reason);
  assert.ok(error instanceof JenkinsError, String(error));
  assert.doesNotMatch(`${error.message} ${error.advice}`, /canary/);
  return error;
}

function to(location: string): Fault {
  return ({ response }) => void response.writeHead(302, { Location: location }).end();
}

function page(status: number, body: string): Fault {
  return ({ response }) => {
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><html><head><title>x</title></head><body>${body}</body></html>`);
  };
}

const OIDC = 'client_id=jenkins&response_type=code&redirect_uri=https%3A%2F%2Fci%2Fcallback';
const before: Readonly<Record<string, readonly Fault[]>> = {
  'Microsoft Entra ID': [
    to(`https://login.microsoftonline.com/0b1c/oauth2/v2.0/authorize?${OIDC}`),
  ],
  Okta: [to('https://example.okta.com/app/jenkins/exk1/sso/saml?SAMLRequest=fZJ')],
  Google: [to(`https://accounts.google.com/o/oauth2/v2/auth?${OIDC}`)],
  GitHub: [to('https://github.com/login/oauth/authorize?client_id=Iv1')],
  GitLab: [to(`https://git.example.org/oauth/authorize?${OIDC}`)],
  Keycloak: [
    to(`https://sso.example.org/realms/corp/protocol/openid-connect/auth?${OIDC}`),
    page(
      200,
      '<form id="kc-form-login" action="https://sso.example.org/realms/corp/login-actions/authenticate"></form><a href="/realms/corp/protocol/openid-connect/x">',
    ),
  ],
  CAS: [to('https://cas.example.org/cas/login?service=https%3A%2F%2Fci%2F')],
  'AD FS': [to('https://fs.example.org/adfs/ls/?wa=wsignin1.0&wtrealm=x')],
  Shibboleth: [to('https://idp.example.org/idp/profile/SAML2/Redirect/SSO?SAMLRequest=x')],
  'Cloudflare Access': [to('https://corp.cloudflareaccess.com/cdn-cgi/access/login/ci?kid=x')],
  'oauth2-proxy': [
    to('/oauth2/start?rd=%2Fjenkins%2F'),
    page(
      403,
      '<form method="GET" action="/oauth2/start"><button>Sign in with OpenID</button></form>',
    ),
    page(401, '<form method="GET" action="/oauth2/sign_in"></form>'),
  ],
  Authelia: [to('https://authelia.example.org/?rd=https%3A%2F%2Fci%2F')],
  SAML: [to('https://idp.example.org/sso?SAMLRequest=fZJ&RelayState=x')],
};
const unnamed: readonly Fault[] = [
  to(`https://id.example.org/authorize?${OIDC}`),
  page(200, '<form action="/do"><input name="u"><input type="password" name="p"></form>'),
  page(
    200,
    '<form method="post" action="https://idp.example.org/x"><input type="hidden" name="SAMLRequest" value="PHNh"></form>',
  ),
];

describe('Single sign-on before a Jenkins', () => {
  for (const [name, faults] of Object.entries(before))
    it(`by ${name} is recognised, and named`, async () => {
      for (const fault of faults) {
        const stranger = await failure(fault);
        assert.equal(stranger.kind, 'sign-in');
        assert.match(stranger.message, new RegExp(`behind single sign-on \\(${name}\\)`));
        assert.match(stranger.advice ?? '', /API token of Jenkins/);
        const ada = await failure(fault, signedIn);
        assert.equal(ada.kind, 'single-sign-on');
        assert.match(ada.message, new RegExp(`behind single sign-on \\(${name}\\)`));
        assert.match(ada.advice ?? '', /ask an administrator/);
      }
    });

  it('that nobody knows by name is recognised, too', async () => {
    for (const fault of unnamed) {
      const ada = await failure(fault, signedIn);
      assert.equal(ada.kind, 'single-sign-on');
      assert.match(ada.message, /behind single sign-on\.$/);
    }
  });
});

describe('A sign-in page of Jenkins itself', () => {
  it('is told from one before it', async () => {
    const own: readonly Fault[] = [
      to('/jenkins/login?from=%2Fjenkins%2F'),
      to('/jenkins/securityRealm/commenceLogin?from=%2F'),
      page(
        200,
        '<form method="post" action="j_spring_security_check"><input type="password"></form>',
      ),
      // Its plugins send people straight to the identity provider; a token gets past that.
      ({ send }) =>
        send({ status: 302, headers: { Location: `https://x.okta.com/?${OIDC}` }, body: '' }),
    ];
    for (const fault of own) {
      const error = await failure(fault);
      assert.equal(error.kind, 'sign-in');
      assert.match(error.message, /wants you to sign in/);
    }
  });

  it('is not seen in pages that only mention one', async () => {
    const link = page(200, '<a href="/login">log in</a> <p>password</p>');
    assert.equal((await failure(link)).kind, 'not-jenkins');
    assert.equal((await failure(to('https://elsewhere.example/jenkins/'))).kind, 'redirect');
  });
});

describe('A redirect', () => {
  it('to another page below the address is followed', async () => {
    await using jenkins = await startJenkins({ world: { jobs: [] }, users });
    jenkins.fault(/\/old\//, to(`${jenkins.base}job/new/api/json`));
    jenkins.fault(/\/new\//, ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"jobs":[]}');
    });
    using client = connect({ base: jenkins.base, ...signedIn });
    assert.deepEqual(await client.jobs(`${client.base}job/old/`, signal), []);
    const [first, second] = jenkins.requests;
    assert.equal(second?.headers.authorization, first?.headers.authorization);
  });

  it('to another server, or out of the path prefix, is not followed but told', async () => {
    const [host, prefix] = [
      to('https://elsewhere.example/api/json?tree=mode'),
      to('/ci/api/json?tree=mode'),
    ];
    const error = await failure(host, signedIn);
    assert.equal(error.kind, 'redirect');
    assert.equal(error.elsewhere, 'https://elsewhere.example/');
    const moved = await failure(prefix, signedIn);
    assert.equal(moved.kind, 'redirect');
    assert.match(moved.elsewhere ?? '', /^http:\/\/127\.0\.0\.1:\d+\/ci\/$/);
    // Below the address, but with another base: its links would all take two requests.
    const inner = await failure(to('/jenkins/ci/api/json?tree=mode'), signedIn);
    assert.match(inner.elsewhere ?? '', /\/jenkins\/ci\/$/);
    assert.equal((await failure(to('/'), signedIn)).elsewhere, undefined);
  });

  it('from http to https of the same host comes with the advice to connect there', async () => {
    const error = await failure(to('https://127.0.0.1/jenkins/api/json?tree=mode'), signedIn);
    assert.equal(error.elsewhere, 'https://127.0.0.1/jenkins/');
    assert.match(
      error.advice ?? '',
      /Connect to https:\/\/127\.0\.0\.1\/jenkins\/ instead.*secure/,
    );
  });

  it('that leads in a circle is told once, after few requests', async () => {
    await using jenkins = await startJenkins({ world: { jobs: [] } });
    jenkins.fault(/./, 'redirect-loop');
    using client = connect({ base: jenkins.base });
    await assert.rejects(client.ping(signal), /around in a circle/);
    assert.ok(jenkins.requests.length <= 5);
  });
});

describe('The session of somebody who signs in with a password', () => {
  const withPassword = { user: 'ada', token: 'canary-pass' };
  const linter = () => 'Jenkinsfile successfully validated.\n';

  function asked(requests: readonly { method: string; path: string }[]): string[] {
    return requests.map(({ method, path }) => `${method} ${path.split('/').slice(2)[0]}`);
  }
  const POST = 'POST pipeline-model-converter';
  const CRUMB = 'GET crumbIssuer';

  it('is kept for all that is posted, and begun again when it is over', async () => {
    await using jenkins = await startJenkins({ world: { jobs: [] }, users, linter });
    using client = connect({ base: jenkins.base, ...withPassword });
    await client.lint('a', signal);
    await client.lint('b', signal);
    jenkins.endSessions();
    assert.deepEqual(await client.lint('c', signal), { kind: 'valid' });
    assert.deepEqual(asked(jenkins.requests), [POST, CRUMB, POST, POST, POST, CRUMB, POST]);
  });

  it('that never holds is told, and not tried for ever', async () => {
    await using jenkins = await startJenkins({ world: { jobs: [] }, users, linter });
    jenkins.fault(/crumbIssuer/, async ({ right, send }) => {
      const reply = await right();
      // A proxy keeps the cookie back.
      send({ ...reply, headers: { 'Content-Type': 'application/json' } });
    });
    using client = connect({ base: jenkins.base, ...withPassword });
    for (let times = 0; times < 2; times++) {
      await assert.rejects(client.lint('a', signal), (error) => {
        assert.ok(error instanceof JenkinsError);
        assert.equal(error.kind, 'forbidden');
        assert.match(error.message, /does not accept the crumb/);
        assert.match(error.advice ?? '', /API token/);
        return true;
      });
    }
    assert.deepEqual(asked(jenkins.requests), [POST, CRUMB, POST, POST, CRUMB, POST]);
  });
});
