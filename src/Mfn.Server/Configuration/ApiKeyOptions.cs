namespace Mfn.Server.Configuration;

/// <summary>API keys.</summary>
internal sealed class ApiKeyOptions
{
    public const string Section = "Auth:ApiKeys";

    /// <summary>The file with the keys that <c>mfn key</c> writes; none if no key is taken.</summary>
    public string? File { get; set; }
}
