namespace Mfn.Server.Configuration;

/// <summary>API keys.</summary>
internal sealed class ApiKeyOptions
{
    public const string Section = "Auth:ApiKeys";

    [Setting("API keys, as `mfn key` writes them; the running server follows the file within five seconds", Values = "JSON file")]
    public string? File { get; set; }
}
