// An issuer of OpenID Connect, a server that takes its tokens, and what rotates its keys while both run.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const resources = {
    'urn:mfn': { audience: 'mfn', accessTokenTTL: 600 },
    'urn:mfn:short': { audience: 'mfn', accessTokenTTL: 1 },
    'urn:other': { audience: 'other', accessTokenTTL: 600 },
};

/** Starts an issuer with the clients "viewer" and "operator", which have these roles. */
export async function startIssuer(test) {
    let keys = [newKey()];
    let handle;
    const server = createServer((request, response) => handle(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    test.after(() => server.close());
    const url = `http://127.0.0.1:${server.address().port}`;
    use(keys);

    return {
        url,

        /** A new key, by which it signs from now on. */
        rotate() {
            use([newKey(), ...keys]);
        },

        /** Takes away all keys but the newest. */
        retire() {
            use(keys.slice(0, 1));
        },

        /** A token by client credentials. */
        async token(client, resource = 'urn:mfn') {
            const response = await fetch(`${url}/token`, {
                method: 'POST',
                headers: { authorization: `Basic ${btoa(`${client}:secret`)}` },
                body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
            });
            if (!response.ok) {
                throw new Error(`The issuer answers ${response.status}: ${await response.text()}`);
            }

            return (await response.json()).access_token;
        },
    };

    // A provider has its keys for life: another one takes its place at the same address.
    function use(newKeys) {
        keys = newKeys;
        const provider = new Provider(url, {
            jwks: { keys },
            clients: ['viewer', 'operator'].map((id) => ({
                client_id: id,
                client_secret: 'secret',
                grant_types: ['client_credentials'],
                redirect_uris: [],
                response_types: [],
            })),
            features: {
                devInteractions: { enabled: false },
                clientCredentials: { enabled: true },
                resourceIndicators: {
                    enabled: true,
                    getResourceServerInfo: (_, resource) => ({ scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } }, ...resources[resource] }),
                },
            },
            extraTokenClaims: (_, token) => ({ roles: [token.clientId], tenant: 'lab' }),
        });
        handle = provider.callback();
    }
}

/** Starts a server whose callers need tokens of an issuer; its address. */
export async function startServer(test, issuer) {
    const settings = [`Auth:Jwt:Authority=${issuer.url}`, 'Auth:Jwt:Audience=mfn', 'Auth:Jwt:ClockSkew=00:00:00'];
    const server = spawn('dotnet', [process.env.INTEROP_DLL, 'serve', '--urls', 'http://127.0.0.1:0', ...settings.flatMap((setting) => ['--set', setting])], {
        stdio: ['ignore', 'pipe', 'ignore'],
    });
    test.after(async () => {
        const exit = once(server, 'exit');
        server.kill('SIGTERM');
        await exit;
    });
    const [line] = await once(createInterface(server.stdout), 'line');
    return line.replace('Listening on http://', '');
}

function newKey() {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
