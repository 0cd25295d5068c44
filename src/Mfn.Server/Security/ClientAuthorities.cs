using System.Security.Cryptography.X509Certificates;

namespace Mfn.Server.Security;

/// <summary>Those whose clients' certificates count.</summary>
/// <param name="Certificates">All certificates of their file.</param>
/// <param name="Expires">When the last of those that signed themselves expires.</param>
internal sealed record ClientAuthorities(X509Certificate2Collection Certificates, DateTimeOffset Expires)
{
    /// <summary>Collections that each have no name twice, so that every root meets every certificate between; one if no two have the same name.</summary>
    public IReadOnlyList<X509Certificate2Collection> Split()
    {
        var roots = SplitByName(Certificates.Where(IsRoot));
        var between = SplitByName(Certificates.Where(authority => !IsRoot(authority)));
        return [.. from some in roots from others in between.DefaultIfEmpty([]) select new X509Certificate2Collection(some.Concat(others).ToArray())];
    }

    /// <summary>Reads a file; null if it has nobody who could vouch for a client, which is noted.</summary>
    /// <param name="file">The file.</param>
    /// <param name="now">Tells which certificates are valid.</param>
    /// <param name="problems">Gets what is wrong.</param>
    /// <param name="warnings">Gets who vouches for nobody any more.</param>
    public static ClientAuthorities? Read(TlsFile file, DateTimeOffset now, List<string> problems, List<string> warnings)
    {
        if (file.ReadCertificates(problems) is not { } authorities)
        {
            return null;
        }

        var roots = authorities.Where(IsRoot).ToArray();
        if (roots.Length == 0)
        {
            problems.Add($"{file.Name} must have the authority that client certificates go back to, but '{file.Path}' has none that signed itself: no client could be trusted.");
            return null;
        }

        var last = roots.Max(authority => authority.NotAfter);
        if (last.ToUniversalTime() <= now)
        {
            problems.Add($"{file.Name} must have an authority that is valid, but every one in '{file.Path}' has expired, the last at {TlsFile.Tell(last)}.");
            return null;
        }

        warnings.AddRange(roots.Where(authority => authority.NotAfter.ToUniversalTime() <= now).Select(
            authority => $"An authority in '{file.Path}' ({file.Setting}), {authority.Subject}, expired at {TlsFile.Tell(authority.NotAfter)}: its clients are refused"));
        return new ClientAuthorities(authorities, last.ToUniversalTime());
    }

    private static bool IsRoot(X509Certificate2 authority) => authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData);

    private static List<List<X509Certificate2>> SplitByName(IEnumerable<X509Certificate2> certificates)
    {
        var parts = new List<List<X509Certificate2>>();
        foreach (var same in certificates.GroupBy(certificate => Convert.ToHexString(certificate.SubjectName.RawData)))
        {
            foreach (var (i, certificate) in same.Index())
            {
                if (i == parts.Count)
                {
                    parts.Add([]);
                }

                parts[i].Add(certificate);
            }
        }

        return parts;
    }
}
