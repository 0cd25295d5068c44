using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.SecretFakes;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Audit;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Secrets;

/// <summary>
/// Secrets are put wherever a server takes one, good ones and wrong ones, and everything is logged that can be. What the server and the commands say, log and answer has none of them.
/// </summary>
public sealed class PlantedSecretsTests : IAsyncLifetime
{
    private const int LeastCount = 40;

    private readonly FakeVault _vault = new(TimeProvider.System);
    private readonly FakeSecretsManager _aws = new(TimeProvider.System);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-planted-");
    private readonly AuditFolder _audit = new();
    private readonly TestIssuer _issuer = new();
    private readonly PlantedSecrets _secrets = new();
    private readonly SelfSigned _certificate = new();
    private readonly Dictionary<string, string> _environment = new() { ["AWS_EC2_METADATA_DISABLED"] = "true" };
    private readonly List<string> _settings = [];

    public async ValueTask InitializeAsync()
    {
        await _vault.StartAsync();
        await _aws.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        await _aws.DisposeAsync();
        _audit.Dispose();
        _issuer.Dispose();
        _certificate.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("plain", "trce: ", "dbug: ")]
    [InlineData("json", "\"level\":\"Trace\"", "\"category\":\"")]
    public async Task Everywhere_WithEverythingLogged_NoneAppears(string format, string traced, string debugged)
    {
        using var keys = new KeyFile();
        var good = _secrets.Plant("API key that is good", keys.Add(Roles.Operator));
        var revoked = _secrets.Plant("API key that was revoked", keys.Add(Roles.Viewer, revoked: DateTimeOffset.UnixEpoch));
        var expired = _secrets.Plant("API key that has expired", keys.Add(Roles.Viewer, expires: DateTimeOffset.UnixEpoch));
        var audience = PlantVariable("audience");
        var issuer = PlantFile("issuer");
        ConfigureAccess();
        _secrets.PlantPem("key of TLS", _certificate.Key);
        PutVault(_certificate.Key, await File.ReadAllTextAsync(keys.Path), """{ "format_version": 1, "identities": [], "tenants": [] }""");
        var (roles, tenant) = (Plant("claim of roles"), Plant("claim of the tenant"));
        _vault.Put("secret/data/claims", new JsonObject { ["roles"] = roles, ["unused"] = Plant("field that nobody reads") }.ToJsonString());
        _aws.Put("claims", new JsonObject { ["tenant"] = tenant, ["unused"] = Plant("member that nobody reads") }.ToJsonString());
        _aws.Put("keys of tokens", _issuer.KeySet);
        _aws.Put("tokens", _issuer.KeySet);
        var header = $"x-{Plant("header of proxies").ToLowerInvariant()}";
        _environment["PROXY_HEADER"] = header;
        _environment["PROXIES"] = _secrets.Plant("address of a proxy", "10.77.166.155");
        _settings.AddRange(
        [
            "--urls=https://127.0.0.1:0", $"--Logging:Format={format}", "--Logging:Requests=all",
            "--Tls:CertificateFile=vault:secret/tls#certificate",
            "--Tls:KeyFile=vault:secret/tls#key",
            "--Auth:ApiKeys:File=vault:secret/files#keys",
            "--Auth:Quotas:File=vault:secret/files#quotas",
            "--Auth:Jwt:KeySetFile=aws:tokens",
            "--Auth:Jwt:RolesClaim=vault:secret/claims#roles",
            "--Auth:Jwt:TenantClaim=aws:claims#tenant",
            "--Auth:Proxies:Addresses=env:PROXIES",
            "--Auth:Proxies:CertificateHeader=env:PROXY_HEADER",
            "--Limits:MaxFrames=vault:secret/limits#frames",
            $"--{_audit.Setting}",
            .. from logger in (string[])["Default", "Microsoft", "Grpc", "System", "Mfn", "Microsoft.AspNetCore", "Microsoft.AspNetCore.Server.Kestrel.Http2", "Grpc.AspNetCore.Server.ServerCallHandler", "Microsoft.Extensions.Hosting.Internal.Host"]
               select $"--Logging:LogLevel:{logger}=Trace",
        ]);
        _vault.Put("secret/data/limits", """{ "frames": "5000" }""");

        await SayAsync("config", "explain");
        await SayAsync("config", "explain", "--json");
        using (var process = MfnProcess.Start(_environment, ["serve", .. Words(_settings)]))
        {
            var address = await ReadAddressAsync(process);
            using var channel = _certificate.Connect(address);

            // As tokens should be.
            Assert.Equal(StatusCode.OK, await CallAsync(channel, ("x-api-key", good)));
            Assert.Equal(StatusCode.OK, await CallAsync(channel, ("authorization", $"Bearer {good}")));
            await CallAsync(channel, ("authorization", $"Bearer {_secrets.PlantToken("token that is good", _issuer.Issue("operator", issuer: issuer, audience: audience))}"));
            foreach (var wrong in WrongCredentials(revoked, expired, issuer, audience, header))
            {
                Assert.NotEqual(StatusCode.OK, await CallAsync(channel, wrong));
            }

            await SendOddRequestsAsync(new Uri(address));
            await SpoilAsync();
            await CallAsync(channel, ("x-api-key", good));
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            Assert.Equal(0, await process.ExitCodeAsync());
            _secrets.Say(await process.Output.ReadToEndAsync(), await process.Error);
        }

        // It would not start any more.
        await SayAsync(exitCode: 2, "config", "explain");
        await SayAsync(exitCode: 2, "serve");
        await CheckFilesAsync();
        _secrets.Say(_audit.Text);

        var text = _secrets.Said;
        Assert.True(_secrets.Count >= LeastCount, $"{_secrets.Count} secrets were planted.");
        var found = _secrets.Find();
        Assert.True(found.Count == 0, string.Join('\n', found));

        // All of it was seen, and as much as there is.
        foreach (var part in (string[])[traced, $"{debugged}Microsoft.AspNetCore", $"{debugged}Grpc.AspNetCore", $"{debugged}Microsoft.AspNetCore.Server.Kestrel", "A token was refused", "UNAUTHENTICATED", "Auth:ApiKeys:File cannot be used", "Auth:Quotas:File cannot be used", "Auth:Jwt:KeySetFile cannot be used", "Limits:MaxFrames cannot be used", "*** (env:", "vault:secret/limits#frames is something else"])
        {
            Assert.True(text.Contains(part, StringComparison.Ordinal), $"Nothing said {part}.");
        }
    }

    private static IEnumerable<string> Words(IEnumerable<string> settings) => settings.SelectMany(setting => setting.StartsWith("--urls", StringComparison.Ordinal) ? [setting] : (string[])["--set", setting[2..]]);

    private static async Task<string> ReadAddressAsync(MfnProcess process)
    {
        var line = await process.Output.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(line is not null, line ?? await process.Error);
        return line!["Listening on ".Length..];
    }

    // The server's own to Vault and AWS.
    private void ConfigureAccess()
    {
        var (role, id) = (PlantVariable("role of AppRole", "VAULT_ROLE"), PlantFile("secret id of AppRole", "secret-id"));
        _vault.AddAppRole(role, id, TimeSpan.FromHours(1));
        _environment["AWS_ACCESS_KEY_ID"] = "ASIATEST";
        _environment["AWS_SECRET_ACCESS_KEY"] = Plant("secret access key");
        _environment["AWS_SESSION_TOKEN"] = Plant("session token");
        _aws.AddKey("ASIATEST", _environment["AWS_SECRET_ACCESS_KEY"], _environment["AWS_SESSION_TOKEN"]);
        _settings.AddRange(
        [
            $"--Vault:Address={_vault.Address}", "--Vault:AppRoleId=env:VAULT_ROLE", $"--Vault:AppRoleSecretId=file:{_folder.FullName}/secret-id", $"--Aws:Endpoint={_aws.Address}", "--Aws:Region=eu-west-1",
            "--Secrets:RefreshInterval=00:00:01", "--Auth:Jwt:Audience=env:AUDIENCE", $"--Auth:Jwt:Issuer=file:{_folder.FullName}/issuer",
        ]);
    }

    private void PutVault(string key, string keys, string quotas)
    {
        _vault.Put("secret/data/tls", new JsonObject { ["certificate"] = _certificate.Certificate, ["key"] = key }.ToJsonString());
        _vault.Put("secret/data/files", new JsonObject { ["keys"] = keys, ["quotas"] = quotas }.ToJsonString());
    }

    private IEnumerable<(string Name, string Value)[]> WrongCredentials(string revoked, string expired, string issuer, string audience, string header)
    {
        yield return [("x-api-key", revoked)];
        yield return [("x-api-key", expired)];
        yield return [("x-api-key", _secrets.Plant("API key that nobody has", ApiKeyText.Create()))];
        yield return [("x-api-key", Plant("API key that is none"))];
        yield return [("x-api-key", $"mfn_{Plant("API key that is malformed")}")];
        yield return [("x-api-key", Plant("API key that is long") + new string('a', 9000))];
        yield return [("authorization", $"Bearer {_secrets.Plant("API key as a token", ApiKeyText.Create())}")];
        yield return [("authorization", Plant("authorization without a scheme"))];
        yield return [("authorization", $"Basic {Plant("name and password")}")];
        yield return [("authorization", $"Negotiate {Plant("ticket of another scheme")}")];
        yield return [("authorization", $"Bearer {Plant("token that is none")}")];
        yield return [("authorization", $"bearer {Plant("token of three parts")}.{Plant("second part")}.{Plant("third part")}")];
        yield return [("authorization", $"Bearer {Plant("token that is long")}{new string('a', 9000)}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token that has expired", _issuer.Issue("operator", issuer: issuer, audience: audience, expires: DateTimeOffset.UtcNow.AddHours(-1)))}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token of another issuer", _issuer.Issue("operator", issuer: Plant("another issuer"), audience: audience))}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token for another", _issuer.Issue("operator", issuer: issuer, audience: Plant("another audience")))}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token that nobody signed", _issuer.IssueUnsigned("operator"))}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token by the public key", _issuer.IssueByThePublicKey("operator"))}")];
        yield return [("authorization", $"Bearer {_secrets.PlantToken("token by another key", _issuer.IssueByAnotherKey("operator"))}")];
        yield return [("x-api-key", Plant("one of two keys")), ("authorization", $"Bearer {Plant("the other one")}")];
        yield return [("x-correlation-id", Plant("token for an id") + new string('a', 17)), ("x-request-id", _secrets.Plant("API key for an id", ApiKeyText.Create()))];
        yield return [("cookie", $"session={Plant("cookie")}"), ("x-vault-token", Plant("token of a caller"))];
        yield return [(header, $"Hash={Plant("certificate of a stranger's proxy")}")];
    }

    private async Task<StatusCode> CallAsync(GrpcChannel channel, params (string Name, string Value)[] headers)
    {
        var metadata = new Metadata();
        foreach (var (name, value) in headers)
        {
            metadata.Add(name, value);
        }

        try
        {
            await new RunService.RunServiceClient(channel).ListRunsAsync(new ListRunsRequest(), metadata, DateTime.UtcNow.AddSeconds(30));
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            _secrets.Say([error.ToString(), .. error.Trailers.Select(trailer => $"{trailer.Key}: {(trailer.IsBinary ? Encoding.UTF8.GetString(trailer.ValueBytes) : trailer.Value)}")]);
            return error.StatusCode;
        }
    }

    // What is no call.
    private async Task SendOddRequestsAsync(Uri address)
    {
        using var http = new HttpClient(_certificate.CreateHandler());
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/"), (HttpMethod.Post, "/mfn.v1.RunService/ListRuns"), (HttpMethod.Options, "/nowhere") })
        {
            using var request = new HttpRequestMessage(method, new Uri(address, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = method == HttpMethod.Post ? new StringContent(Plant("body of no message")) : null };
            request.Headers.TryAddWithoutValidation("x-api-key", Plant($"key of {method}"));
            request.Headers.TryAddWithoutValidation("authorization", $"Bearer {Plant($"token of {method}")}");
            using var answer = await http.SendAsync(request);
            _secrets.Say(answer.ToString(), await answer.Content.ReadAsStringAsync());
        }

        // Another protocol, with TLS and without.
        foreach (var isEncrypted in new[] { true, false })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, address.Port);
            await using Stream stream = isEncrypted ? new SslStream(client.GetStream(), leaveInnerStreamOpen: false, _certificate.Trust) : client.GetStream();
            if (stream is SslStream tls)
            {
                await tls.AuthenticateAsClientAsync("localhost");
            }

            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {Plant($"token of HTTP/1.1, {isEncrypted}")}\r\n\r\n"));
                using var reader = new StreamReader(stream, Encoding.Latin1);
                _secrets.Say(await reader.ReadToEndAsync());
            }
            catch (IOException)
            {
                // It may end the connection without an answer.
            }
        }
    }

    // What was good becomes wrong while the server runs; it looks every two seconds.
    private async Task SpoilAsync()
    {
        PutVault(
            Plant("key of TLS that is none"),
            $$"""{ "format_version": 1, "keys": [ { "id": "{{Plant("id of a key that is none")}}", "{{Plant("member that there is not")}}": 1 } ] }""",
            $$"""{ "format_version": 1, "identities": [], "tenants": [], "{{Plant("member of quotas")}}": 5 }""");
        _vault.Put("secret/data/limits", new JsonObject { ["frames"] = Plant("number that is none") }.ToJsonString());
        _aws.Put("tokens", $$"""{ "keys": "{{Plant("keys that are none")}}" """);
        var seen = _vault.Requests.Count;
        await Patience.UntilAsync(() => _vault.Requests.Count >= seen + 24);

        // And those who have it, wrong too: they may say again what they were told.
        _vault.Instead = request => (400, new JsonObject { ["errors"] = new JsonArray(request.Headers["X-Vault-Token"].ToString()) }.ToJsonString(), null);
        _aws.Instead = request => (400, new JsonObject { ["__type"] = "Other", ["Message"] = request.Headers.Authorization.ToString() + request.Headers["X-Amz-Security-Token"] }.ToJsonString(), null);
        _secrets.Plant("token of Vault", _vault.LastToken);
        await Patience.UntilAsync(() => _vault.Requests.Count >= seen + 32);

        (_vault.Instead, _aws.Instead) = (null, null);
    }

    // Files of settings that are wrong, with secrets given in them.
    private async Task CheckFilesAsync()
    {
        var path = Path.Combine(_folder.FullName, "mfn.json");
        _environment["WRONG"] = Plant("value of a file that is wrong");
        foreach (var file in new[]
        {
            $$"""{ "Vault": { "Address": "https://vault", "AppRoleId": "a", "AppRoleSecretId": "{{Plant("secret id in a file")}}" }, "Limits": { "MaxSteps": "env:WRONG" } }""",
            """{ "Vault": { "AppRoleSecretId": 81726354819 } }""",
            """{ "Auth": { "Jwt": { "Algorithms": "env:WRONG", "Authority": "env:WRONG", "Audience": "env:WRONG" }, "Proxies": { "Addresses": "env:WRONG", "CertificateHeader": "env:WRONG" } }, "Tls": { "KeyFile": "env:WRONG", "CertificateFile": "env:WRONG" } }""",
        })
        {
            await File.WriteAllTextAsync(path, file);
            var (code, output, error) = await MfnProcess.RunAsync(_environment, ["config", "check", path]);
            Assert.Equal(2, code);
            _secrets.Say(output, error);
        }

        _secrets.Plant("secret id that is a number", "81726354819");
        await File.WriteAllTextAsync(path, """{ "Vault": { "Address": "https://vault", "AppRoleId": "a", "AppRoleSecretId": "env:WRONG" } }""");
        var (_, explained, _) = await MfnProcess.RunAsync(_environment, ["config", "explain", "--config", path, "--set", $"Vault:AppRoleSecretId={Plant("secret id on a command line")}"]);
        _secrets.Say(explained);
    }

    private Task SayAsync(params string[] command) => SayAsync(0, command);

    private async Task SayAsync(int exitCode, params string[] command)
    {
        var (code, output, error) = await MfnProcess.RunAsync(_environment, [.. command, .. Words(_settings)]);
        _secrets.Say(output, error);
        Assert.True(code == exitCode, $"{string.Join(' ', command)}: {code}: {error}");
    }

    private string Plant(string what) => _secrets.Plant(what);

    private string PlantVariable(string what, string? name = null) => _environment[name ?? what.ToUpperInvariant()] = Plant(what);

    private string PlantFile(string what, string? name = null)
    {
        var secret = Plant(what);
        File.WriteAllText(Path.Combine(_folder.FullName, name ?? what), secret + "\n");
        return secret;
    }
}
