using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Mfn.Server.Configuration;

namespace Mfn.Server.Security;

/// <summary>A PEM file that a setting names.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Name">What its giver calls it.</param>
/// <param name="Path">Where the file is.</param>
/// <param name="Text">What it has.</param>
internal sealed partial record TlsFile(string Setting, string Name, string Path, string Text)
{
    /// <summary>The file as it is now; null if the settings name none, or, which is noted among their problems, it cannot be read or is empty.</summary>
    public static TlsFile? Read(ServerSettings settings, string setting)
    {
        // An empty one is told as such already.
        if (settings.Find(setting) is not { Length: > 0 } path)
        {
            return null;
        }

        var name = settings.NameOf(setting);
        if (settings.ReadFile(setting, out var text) is { } problem)
        {
            settings.Problems.Add($"{name} {problem}");
            return null;
        }

        if (text.Length == 0)
        {
            settings.Problems.Add($"{name} must be a PEM file, but '{path}' is empty.");
            return null;
        }

        return new TlsFile(setting, name, path, text);
    }

    /// <summary>The same file with another text, while the server runs: its giver is no longer there.</summary>
    public TlsFile Become(string text) => this with { Name = Setting, Text = text };

    /// <summary>All certificates of the file; null if there is a reason why there are none, which is noted.</summary>
    public X509Certificate2Collection? ReadCertificates(List<string> problems)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text);
        }
        catch (CryptographicException)
        {
            problems.Add($"{Name} must be a PEM file with certificates, but one in '{Path}' is damaged.");
            return null;
        }

        // The library passes over one that has no end, as the last of a file that is being written.
        if (Beginning().Count(Text) > certificates.Count)
        {
            problems.Add($"{Name} must be a PEM file with certificates, but one in '{Path}' has no end.");
            return null;
        }

        if (certificates.Count == 0)
        {
            problems.Add($"{Name} must be a PEM file with certificates, but there is none in '{Path}'.");
            return null;
        }

        return certificates;
    }

    /// <summary>A moment in words.</summary>
    public static string Tell(DateTime moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("-----BEGIN CERTIFICATE-----", RegexOptions.CultureInvariant)]
    private static partial Regex Beginning();
}
