using System.Security.Cryptography.X509Certificates;
using Grpc.Core;

namespace Mfn.Client;

/// <summary>
/// Sends each call over connections of the certificate that a callback gives now. What is open on the connections of an earlier one stays there, until that is the fourth before.
/// </summary>
internal sealed class CertificateHandler(Func<X509Certificate2> getCertificate, Func<X509Certificate2, HttpMessageHandler> open) : HttpMessageHandler
{
    // A certificate has long expired when three have followed it.
    private const int MostGenerations = 4;

    private readonly Lock _lock = new();
    private readonly List<(string Id, HttpMessageInvoker Connections)> _generations = [];
    private bool _isDisposed;

    /// <summary>What tells a certificate from others.</summary>
    public static string IdOf(X509Certificate2 certificate) => certificate.Thumbprint;

    /// <summary>The certificate now.</summary>
    /// <exception cref="RpcException">The callback has failed, which may pass.</exception>
    public static X509Certificate2 Get(Func<X509Certificate2> getCertificate)
    {
        try
        {
            return getCertificate();
        }
        catch (Exception error)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"There is no client certificate: {error.Message}", error));
        }
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Current().SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_lock)
            {
                _isDisposed = true;
                _generations.ForEach(each => each.Connections.Dispose());
                _generations.Clear();
            }
        }

        base.Dispose(disposing);
    }

    /// <exception cref="RpcException">The callback has failed, which may pass.</exception>
    private HttpMessageInvoker Current()
    {
        var certificate = Get(getCertificate);
        var id = IdOf(certificate);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_generations.Count == 0 || _generations[^1].Id != id)
            {
                _generations.Add((id, new HttpMessageInvoker(open(certificate))));
                if (_generations.Count > MostGenerations)
                {
                    _generations[0].Connections.Dispose();
                    _generations.RemoveAt(0);
                }
            }

            return _generations[^1].Connections;
        }
    }
}
