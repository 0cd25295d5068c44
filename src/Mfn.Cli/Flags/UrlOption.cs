using System.CommandLine;

namespace Mfn.Cli.Flags;

/// <summary>Options that take the URL of a server.</summary>
internal static class UrlOption
{
    /// <summary>What stands for this process where there need be no server.</summary>
    public static readonly Uri Here = new("mfn:here");

    private const string HereWord = "here";

    public static Option<Uri?> Create(string name, string description, bool isRequired = false, bool allowsHere = false) => new(name)
    {
        Description = description,
        HelpName = allowsHere ? $"URL|{HereWord}" : "URL",
        Required = isRequired,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            if (allowsHere && text == HereWord)
            {
                return Here;
            }

            result.AddError($"{name} must be a URL that begins with http:// or https://{(allowsHere ? $", or '{HereWord}'" : "")}, but was '{text}'.");
            return null;
        },
    };
}
