using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Identity;

/// <summary>Client certificates that are renewed while they are in use.</summary>
public sealed class CertificateRotationTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-certificate-rotation-");
    private WebApplication? _app;

    private string RevocationFile => Path.Combine(_folder.FullName, "revoked.pem");

    public async ValueTask InitializeAsync()
    {
        using var server = _authority.IssueServer();
        using var other = _authority.IssueClient("other");
        await File.WriteAllTextAsync(RevocationFile, _authority.Revoke(other));
        _app = MfnServer.Build(
            "--urls=https://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            $"--Tls:CertificateFile={Write("server.pem", server.ExportCertificatePem())}",
            $"--Tls:KeyFile={Write("server.key", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
            $"--Tls:ClientAuthorityFile={Write("ca.pem", _authority.RootPem)}",
            $"--Auth:Certificates:RevocationFile={RevocationFile}");
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The old one is revoked: its stream ends, though its connection stays, and goes on over one of the new.</summary>
    [Fact]
    public async Task WatchAsync_WhoseCertificateIsReplaced_MissesNothing()
    {
        var certificate = _authority.IssueClient("lab");
        using var client = new MfnClient(new MfnClientOptions
        {
            Address = new Uri(_app!.Urls.Single()),
            AuthorityFile = Path.Combine(_folder.FullName, "ca.pem"),
            GetCertificate = () => Volatile.Read(ref certificate),
        });
        var run = await client.Runs.CreateAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 20, HistorySteps = 1000 }, TestContext.Current.CancellationToken);
        var reconnections = new List<StatusCode>();
        var options = new WatchOptions { Reconnecting = (error, _) => reconnections.Add(error.StatusCode) };
        var steps = new List<long>();

        await foreach (var each in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options).WithCancellation(TestContext.Current.CancellationToken))
        {
            Assert.IsNotType<GapEvent>(each);
            if (each is FrameEvent frame)
            {
                steps.Add(frame.Position.Step);
            }

            if (steps.Count == 3)
            {
                var old = certificate;
                Volatile.Write(ref certificate, _authority.IssueClient("lab"));
                await File.WriteAllTextAsync(RevocationFile, _authority.Revoke(old), TestContext.Current.CancellationToken);
            }

            if (reconnections.Count > 0 && steps.Count > 10)
            {
                break;
            }
        }

        Assert.Equal([StatusCode.Unauthenticated], reconnections);
        Assert.Equal(Enumerable.Range(0, steps.Count).Select(i => steps[0] + i), steps);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
