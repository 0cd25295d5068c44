using System.Collections;
using Mfn.Contracts.V1;
using Mfn.SecretFakes;
using Mfn.Server.Configuration;
using Mfn.Server.Secrets;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Servers whose settings are in Vault and in AWS Secrets Manager.</summary>
public sealed class RemoteSecretTests : IAsyncLifetime
{
    private readonly FakeVault _vault = new(TimeProvider.System);
    private readonly FakeSecretsManager _aws = new(TimeProvider.System);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-remote-");

    public async ValueTask InitializeAsync()
    {
        await _vault.StartAsync();
        _vault.AddToken("hvs.token", TimeSpan.FromHours(1));
        await _aws.StartAsync();
        _aws.AddKey("AKIATEST", "secret-key");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "credentials"), "[mfn]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret-key\n");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "token"), "hvs.token\n");
    }

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        await _aws.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string[] Access =>
    [
        $"--Vault:Address={_vault.Address}", $"--Vault:TokenFile={_folder.FullName}/token", $"--Aws:Endpoint={_aws.Address}", "--Aws:Region=eu-west-1", "--Aws:Profile=mfn",
        $"--Aws:ProfilesFile={_folder.FullName}/credentials", "--Secrets:RefreshInterval=00:00:01",
    ];

    /// <summary>A certificate, its key and a limit, none of which is on this machine; and a limit that changes while it runs.</summary>
    [Fact]
    public async Task Server_WithItsKeyInVault_AndALimitInAws_ServesAndFollows()
    {
        using var certificate = new SelfSigned();
        _vault.Put("secret/data/mfn/tls", new System.Text.Json.Nodes.JsonObject { ["certificate"] = certificate.Certificate, ["key"] = certificate.Key }.ToJsonString());
        _aws.Put("mfn", """{ "steps": 5, "frames": "7" }""");
        await using var app = MfnServer.Build(
            [.. Access, "--urls=https://127.0.0.1:0", "--Tls:CertificateFile=vault:secret/mfn/tls#certificate", "--Tls:KeyFile=vault:secret/mfn/tls#key", "--Limits:MaxSteps=aws:mfn#steps", "--Limits:MaxFrames=aws:mfn#frames", "--Logging:LogLevel:Default=None"]);
        await app.StartAsync();
        using var channel = certificate.Connect(app.Urls.Single());
        var client = new SimulationService.SimulationServiceClient(channel);
        var order = new SimulateRequest { Spec = new SimulationSpec { GridSize = 4, Steps = 6 } };
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, (await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => client.SimulateAsync(order).ResponseAsync)).StatusCode);

        _aws.Put("mfn", """{ "steps": 6, "frames": 7 }""");

        await SucceedAsync().WaitAsync(TimeSpan.FromMinutes(1));
        await app.StopAsync();

        // Of one place each is asked once, whatever is in it.
        Assert.Single(_vault.Requests, "GET /v1/auth/token/lookup-self");

        async Task SucceedAsync()
        {
            while (true)
            {
                try
                {
                    await client.SimulateAsync(order);
                    return;
                }
                catch (Grpc.Core.RpcException error) when (error.StatusCode == Grpc.Core.StatusCode.InvalidArgument)
                {
                    await Task.Yield();
                }
            }
        }
    }

    /// <summary>Everything is told at once, and nothing of it twice; who does not answer is given up.</summary>
    [Fact]
    public void Start_WithoutSecrets_FailsWithAllReasons()
    {
        _vault.Put("secret/data/mfn", """{ "steps": "hunter2" }""");
        _aws.Put("text", "hunter2");
        var settings = ServerSettings.Read(
        [
            .. Access, "--Limits:MaxSteps=vault:secret/gone#a", "--Limits:MaxFrames=vault:secret/mfn#gone", "--Limits:AggregationThreads=vault:secret/mfn#steps", "--Runs:MaxRuns=aws:gone",
            "--Limits:MaxConnections=aws:text#field", "--Auth:Jwt:Audience=env:GONE",
        ],
            new Hashtable());

        Assert.Equal(
        [
            "--set Auth:Jwt:Audience must be an environment variable that is set, but there is no GONE.",
            "--set Limits:AggregationThreads must be a whole number between 1 and 64, but vault:secret/mfn#steps is something else.",
            "--set Limits:MaxConnections must be a field of a JSON object, but what aws:text has is none.",
            "--set Limits:MaxFrames must be a field that there is, but vault:secret/mfn has no gone.",
            "--set Limits:MaxSteps must be a secret that there is, but there is no vault:secret/gone: is secret a key-value engine of version 2?",
            "--set Runs:MaxRuns must be a secret that can be read, but there is no aws:gone with a current version.",
        ],
            settings.Problems.Order(StringComparer.Ordinal));
        Assert.Equal(2, _vault.Requests.Count(request => request.StartsWith("GET /v1/secret", StringComparison.Ordinal)));
    }

    [Fact]
    public void Start_ProviderDoesNotAnswer_IsGivenUpInBoundedTime()
    {
        var never = new TaskCompletionSource();
        _vault.Held = never.Task;

        var problem = Assert.Single(ServerSettings.Read([.. Access, "--Secrets:Timeout=00:00:00.200", "--Limits:MaxSteps=vault:secret/a#b"], new Hashtable()).Problems);

        Assert.Equal("--set Limits:MaxSteps must be what vault:secret/a has, but that did not answer within 00:00:00.2000000.", problem);
        Assert.Equal(SecretTimes.FirstTries, _vault.Requests.Count);
        never.SetResult();
    }

    [Fact]
    public void Start_ProviderFailsForAMoment_IsAskedAgain()
    {
        _vault.Put("secret/data/mfn", """{ "steps": "5" }""");
        var count = 0;
        _vault.Instead = _ => Interlocked.Increment(ref count) < 3 ? (503, """{"errors":["Vault is sealed"]}""", null) : null;

        var settings = ServerSettings.Read([.. Access, "--Limits:MaxSteps=vault:secret/mfn#steps"], new Hashtable());

        Assert.Empty(settings.Problems);
        Assert.Equal("5", settings.Find("Limits:MaxSteps"));
    }

    /// <summary>Vault is sealed for a while, and what is there when it is back is wrong at first.</summary>
    [Fact]
    public async Task RunningServer_ProviderFails_KeepsTheLastGoodOne_AndSaysSo()
    {
        var clock = new WallClock(DateTimeOffset.UtcNow);
        using var log = new ServerLog();
        _vault.Put("secret/data/mfn", """{ "steps": "5" }""");
        await using var running = await RunningSettings.StartAsync(clock, log, [.. Access, "--Limits:MaxSteps=vault:secret/mfn#steps"]);
        var store = running.Inputs.Secrets;
        Assert.Equal(5, running.Limits.MaxSteps);

        _vault.IsSealed = true;
        _vault.Put("secret/data/mfn", """{ "steps": "6" }""");
        for (var i = 0; i < 5; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(5));
        }

        var input = Assert.Single(running.Inputs.All, input => input.Name == "Limits:MaxSteps");
        Assert.Equal((5, clock.GetUtcNow().AddSeconds(-25)), (running.Limits.MaxSteps, input.LastGood));
        Assert.Contains("it is sealed, or being maintained (503) (Vault is sealed)", input.Problem, StringComparison.Ordinal);
        Assert.Single(log.Faults);

        _vault.IsSealed = false;
        _vault.Put("secret/data/mfn", """{ "steps": "hunter2" }""");
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.EndsWith("but vault:secret/mfn#steps is something else.", input.Problem, StringComparison.Ordinal);
        Assert.Equal(5, running.Limits.MaxSteps);

        _vault.Put("secret/data/mfn", """{ "steps": "7" }""");
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal((7, null), (running.Limits.MaxSteps, input.Problem));
        Assert.True(store.Counters.Requests > store.Counters.FailedRequests && store.Counters.FailedRequests >= 2, $"{store.Counters.Requests} requests, {store.Counters.FailedRequests} failed.");
        Assert.DoesNotContain(log.Lines, line => line.Message.Contains("hunter2", StringComparison.Ordinal));

        // The store has a clock of its own, on which a second passes between two questions.
        async Task PassAsync(TimeSpan time)
        {
            await RefreshAsync(store);
            clock.Advance(time);
        }
    }

    /// <summary>The token is renewed when it is time, and health tells of one that cannot be.</summary>
    [Fact]
    public async Task Refresher_RenewsTheToken_AndTellsWhenItCannot()
    {
        _vault.Put("secret/data/mfn", """{ "steps": "5" }""");
        _vault.AddToken("hvs.token", TimeSpan.FromSeconds(3));
        var settings = ServerSettings.Read([.. Access, "--Limits:MaxSteps=vault:secret/mfn#steps"], new Hashtable());
        var inputs = new FollowedInputs(TimeProvider.System, settings.Secrets);
        using var refresher = new SecretRefresher(inputs, NullLogger<SecretRefresher>.Instance);
        await UntilAsync(() => _vault.RenewalCount > 0);
        Assert.Null(Assert.Single(inputs.All).Note);

        _vault.AddToken("hvs.token", TimeSpan.FromSeconds(30), isRenewable: false);
        await UntilAsync(() => Assert.Single(inputs.All).Problem is not null);

        Assert.Equal("Vault:TokenFile (the token)", Assert.Single(inputs.All).Name);

        async Task UntilAsync(Func<bool> condition)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (!condition())
            {
                await refresher.RefreshAsync(late.Token);
                await Task.Yield();
            }
        }
    }

    private static async Task RefreshAsync(SecretStore store)
    {
        // Until it is time, and it has asked.
        var before = store.Counters.Requests;
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (store.Counters.Requests == before)
        {
            await store.RefreshAsync(late.Token);
            await Task.Yield();
        }
    }
}
