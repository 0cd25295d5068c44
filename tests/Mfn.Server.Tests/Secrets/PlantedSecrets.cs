using System.Text;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Secrets that nobody may see again, and all that was said.</summary>
internal sealed class PlantedSecrets
{
    private readonly List<(string What, string Secret)> _planted = [];
    private readonly StringBuilder _said = new();

    public int Count => _planted.Count;

    /// <summary>All that was said.</summary>
    public string Said => _said.ToString();

    /// <summary>Makes a secret.</summary>
    public string Plant(string what) => Plant(what, $"planted{_planted.Count:D2}{Guid.NewGuid():N}");

    /// <summary>Takes something for a secret.</summary>
    public string Plant(string what, string secret)
    {
        _planted.Add((what, secret));
        return secret;
    }

    /// <summary>Takes what makes a token a secret: the head of all of them is the same.</summary>
    public string PlantToken(string what, string token)
    {
        var parts = token.Split('.');
        _planted.Add((what, parts[2].Length > 0 ? parts[2] : parts[1]));
        return token;
    }

    /// <summary>Takes lines of a key.</summary>
    public void PlantPem(string what, string pem) => _planted.AddRange(pem.Split('\n').Where(line => line.Length == 64).Skip(1).Take(5).Select(line => (what, line)));

    /// <summary>Notes what somebody said.</summary>
    public void Say(params string?[] texts) => _said.AppendJoin('\n', texts).Append('\n');

    /// <summary>Those that appear, in whatever form, with what is around them.</summary>
    public IReadOnlyList<string> Find()
    {
        var text = Said;
        return [.. from planted in _planted
                   from form in Forms(planted.Secret)
                   let at = text.IndexOf(form, StringComparison.OrdinalIgnoreCase)
                   where at >= 0
                   select $"{planted.What}: {text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 80)]}"];
    }

    private static IEnumerable<string> Forms(string secret) =>
        new[] { secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), Convert.ToHexString(Encoding.UTF8.GetBytes(secret)), Uri.EscapeDataString(secret) }.Distinct();
}
