using System.Collections;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Security;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Mfn.Server.Tests.Transport;

/// <summary>Connections whose clients' authorities are gone, on a clock that the test sets.</summary>
public sealed class OpenConnectionsTests : IDisposable
{
    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly TestAuthority _old = new();
    private readonly TestAuthority _new = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-open-connections-");

    /// <summary>Neither one that is used nor one on which nothing happens is open for ever.</summary>
    [Fact]
    public async Task Connection_WhoseAuthorityIsGone_IsClosedAfterTheGrace()
    {
        await using var server = await StartAsync();
        await using var ofOld = await ConnectAsync(server, _old.IssueClient("old"));
        await using var ofBoth = await ConnectAsync(server, _new.IssueClient("new"));
        var (oldEnd, newEnd) = (ReadToEndAsync(ofOld), ReadToEndAsync(ofBoth));

        await File.WriteAllTextAsync(PathOf("clients.pem"), _new.RootPem);
        _clock.Advance(FollowedFile.Interval);
        _clock.Advance(FollowedFile.Interval);
        Assert.False(oldEnd.IsCompleted);
        await AdvanceUntilAsync(oldEnd);

        // The last thing it is told is GOAWAY (RFC 9113, 6.8).
        Assert.Contains((byte)7, await oldEnd);
        Assert.False(newEnd.IsCompleted);
    }

    public void Dispose()
    {
        _old.Dispose();
        _new.Dispose();
        _folder.Delete(recursive: true);
    }

    // What waits for the clock begins to wait at some time.
    private async Task AdvanceUntilAsync(Task end)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!end.IsCompleted)
        {
            _clock.Advance(OpenConnections.DistrustGrace);
            await Task.WhenAny(end, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token));
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The types of the frames until the connection is closed.</summary>
    private static async Task<List<byte>> ReadToEndAsync(SslStream tls)
    {
        var types = new List<byte>();
        var header = new byte[9];
        try
        {
            while (await tls.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false) == header.Length)
            {
                types.Add(header[3]);
                await tls.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]]);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
        }

        return types;
    }

    private async Task<WebApplication> StartAsync()
    {
        var certificate = _old.IssueServer();
        await File.WriteAllTextAsync(PathOf("server.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf("server.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(PathOf("clients.pem"), _old.RootPem + "\n" + _new.RootPem);
        var settings = ServerSettings.Read(
            ["--urls=https://127.0.0.1:0", $"--Tls:CertificateFile={PathOf("server.pem")}", $"--Tls:KeyFile={PathOf("server.key")}", $"--Tls:ClientAuthorityFile={PathOf("clients.pem")}"], new Hashtable());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls("https://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddSingleton<FollowedInputs>();
        builder.Services.AddTls(TlsCredentials.Load(settings, MfnServer.DefaultUrl, _clock));
        builder.Services.AddSingleton<OpenConnections>();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<OpenConnections>((kestrel, connections) => kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            connections.CountAt(endpoint);
        }));
        var app = builder.Build();
        app.Run(_ => Task.CompletedTask);
        await app.StartAsync();
        return app;
    }

    private async Task<SslStream> ConnectAsync(WebApplication server, X509Certificate2 certificate)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", new Uri(server.Urls.Single()).Port);
        var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = _old.CreatePolicy(),
            ClientCertificates = [certificate],
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        await tls.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
        var header = new byte[9];
        await tls.ReadExactlyAsync(header);
        await tls.ReadExactlyAsync(new byte[header[2]]);
        return tls;
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
