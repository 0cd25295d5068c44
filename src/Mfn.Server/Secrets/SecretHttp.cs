using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mfn.Server.Secrets;

/// <summary>Connections to providers over a network.</summary>
internal static class SecretHttp
{
    /// <summary>The most bytes of an answer.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>A handler that follows no redirection, which would take secrets elsewhere.</summary>
    /// <param name="address">The provider.</param>
    /// <param name="readAuthorities">Gives the certificates of its authorities in PEM at each connection; null for those of the system.</param>
    public static SocketsHttpHandler CreateHandler(Uri address, Func<string>? readAuthorities = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !address.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // Names are looked up again, and authorities read.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (readAuthorities is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, presented, errors) =>
                certificate is X509Certificate2 leaf && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None && IsTrusted(leaf, presented, readAuthorities());
        }

        return handler;
    }

    private static bool IsTrusted(X509Certificate2 certificate, X509Chain? presented, string authorities)
    {
        const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        try
        {
            chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorities);
        }
        catch (CryptographicException)
        {
            return false;
        }

        // A private authority has no revocation service that could be asked.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }

        return chain.Build(certificate);
    }
}
