using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mfn.Cli.Contexts;

/// <summary>The PEM files that a command's server is called with.</summary>
internal static class TlsFiles
{
    /// <summary>Refuses files that cannot be used, in the words of the options that name them.</summary>
    /// <param name="authority">The authorities of the server's certificate, if they are not those of the machine.</param>
    /// <param name="certificate">The client's certificate, if it has one.</param>
    /// <param name="key">The key of that.</param>
    /// <param name="origin">What says so, behind the option's name: empty, or such as " of the context lab".</param>
    /// <exception cref="BadArgumentsException">Files are missing, cannot be read, or do not have what they are for: all of them are told.</exception>
    public static void RequireUsable(string? authority, string? certificate, string? key, Func<string, string> origin)
    {
        var problems = new List<string>();
        Check("--tls-ca", authority, text => HasCertificates(text), "certificates");
        Check("--tls-cert", certificate, text => HasCertificates(text), "certificates");
        Check("--tls-key", key, text => text.Contains("PRIVATE KEY-----", StringComparison.Ordinal), "a private key");
        BadArgumentsException.ThrowIfAny(problems);
        if (certificate is not null && key is not null)
        {
            try
            {
                using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
            }
            catch (Exception error) when (error is CryptographicException or ArgumentException)
            {
                throw new BadArgumentsException(
                    $"--tls-key{origin("--tls-key")} must be the key of the certificate in '{certificate}', but '{key}' is not, or has a password, or is damaged.");
            }
        }

        void Check(string option, string? path, Func<string, bool> has, string what)
        {
            if (path is not null && Problem(path, has, what) is { } problem)
            {
                problems.Add($"{option}{origin(option)} {problem}");
            }
        }
    }

    private static string? Problem(string path, Func<string, bool> has, string what)
    {
        if (Directory.Exists(path))
        {
            return $"must be a file, but '{path}' is a folder.";
        }

        if (!File.Exists(path))
        {
            return $"must be an existing file, but there is no '{path}'.";
        }

        try
        {
            return has(File.ReadAllText(path)) ? null : $"must be a PEM file with {what}, but there is none in '{path}', or one is damaged.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"must be a file that can be read, but '{path}' cannot.";
        }
    }

    private static bool HasCertificates(string pem)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            return certificates.Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
