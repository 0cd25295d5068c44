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
                if (!IsHostAlone(url))
                {
                    // What is behind the port would not be sent, and what is before the host would be shown wherever the URL is.
                    result.AddError($"{name} must be a host and a port alone, as in http://127.0.0.1:50051, but was '{text}'.");
                    return null;
                }

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

    /// <summary>Whether the URL names a server and nothing of it.</summary>
    public static bool IsHostAlone(Uri url) => url.UserInfo.Length == 0 && url.PathAndQuery == "/" && url.Fragment.Length == 0;
}
