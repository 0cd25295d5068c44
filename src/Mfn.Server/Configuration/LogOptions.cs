using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>How the server logs; the levels, which stand beside these, are the library's own.</summary>
internal sealed class LogOptions
{
    public const string Section = "Logging";

    /// <summary>What stands for all services.</summary>
    public const string All = "all";

    /// <summary>What stands for none.</summary>
    public const string Off = "off";

    private const string RequestsName = $"{Section}:{nameof(Requests)}";

    [Setting("how the log is written, to standard error: [a line of text or of JSON](logging.md) for each message")]
    public LogFormat Format { get; set; } = LogFormat.Plain;

    [Setting(
        "the services whose calls are logged: each when it has ended, streams when they begin too. Calls that are refused are logged whatever it says, so many a minute",
        Values = "`off`, `all`, or names such as `mfn.v1.RunService`, with commas between them",
        IsLive = true)]
    public string Requests { get; set; } = Off;

    /// <summary>The services that are meant; null for all.</summary>
    public IReadOnlyList<string>? Services => Requests == All ? null : Requests == Off ? [] : Requests.Split(',', StringSplitOptions.TrimEntries);

    /// <summary>Notes what is wrong with the names of services, if somebody has given some.</summary>
    /// <param name="settings">All settings.</param>
    /// <param name="services">The full names of those that there are.</param>
    public static void Check(ServerSettings settings, IReadOnlyCollection<string> services)
    {
        if (settings.Find(RequestsName) is not { Length: > 0 } given || new LogOptions { Requests = given }.Services is not { } names)
        {
            return;
        }

        foreach (var name in names.Except(services))
        {
            var nearest = settings.IsShown(RequestsName) ? NearestName.Find(name, services) : [];
            var was = settings.IsShown(RequestsName) ? $"was {CallersText.Quote(name)}" : settings.Was(RequestsName);
            settings.Problems.Add(
                $"{settings.NameOf(RequestsName)} must be {Off}, {All}, or names of services with commas between them, but {was}{(nearest.Count > 0 ? $"; did you mean {string.Join(" or ", nearest)}?" : ".")}");
        }
    }
}
