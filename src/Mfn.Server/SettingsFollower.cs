using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Secrets;

namespace Mfn.Server;

/// <summary>
/// Follows the file of settings, and what settings refer to, while the server runs. A change is checked as a whole, with the files that it names, and takes the place of
/// what was before or is refused with the reasons. Settings that are not live are told of, and taken at the next start.
/// </summary>
internal sealed partial class SettingsFollower(SettingsSource source, FollowedInputs inputs, ILogger<SettingsFollower> logger) : IHostedService, IDisposable
{
    private readonly Lock _lock = new();
    private readonly ServerSettings _started = source.Current;
    private readonly Dictionary<(string Setting, string Reference), FollowedFile> _references = [];
    private FollowedFile? _file;
    private string _waiting = "";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // What has happened to it since the settings were read is seen at the first look.
        if (_started.File is { } path && FileText.Read(path, out _) is null)
        {
            _file = new FollowedFile("--config", path, _ => Take(), inputs, logger);
        }

        lock (_lock)
        {
            FollowReferences();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _file?.Dispose();
        lock (_lock)
        {
            foreach (var reference in _references.Values)
            {
                reference.Dispose();
            }

            _references.Clear();
        }
    }

    private void Take()
    {
        lock (_lock)
        {
            TakeAll();
            FollowReferences();
        }
    }

    // Those of the settings in force; what they stand for was taken with them.
    private void FollowReferences()
    {
        var references = source.Current.References.ToDictionary(each => (each.Setting, each.Reference), each => each.Content);
        foreach (var gone in _references.Keys.Except(references.Keys).ToArray())
        {
            _references[gone].Dispose();
            _references.Remove(gone);
        }

        foreach (var (place, content) in references.Where(each => !_references.ContainsKey(each.Key)))
        {
            _references[place] = new FollowedFile(place.Setting, place.Reference, _ => Take(), inputs, logger, inForce: content);
        }
    }

    private void TakeAll()
    {
        var read = _started.ReadAgain();
        if (read.Problems.Count == 0)
        {
            MfnServer.Check(read);
        }

        Require(read, "has settings that a server does not start with");
        var next = _started.WithLiveOf(read);
        if (next.Problems.Count == 0)
        {
            MfnServer.Check(next);
        }

        Require(next, "has settings that do not fit those that the server has until it starts again");
        if (source.Current.DifferencesTo(next) is { Count: > 0 } changed)
        {
            source.Replace(next);
            var names = string.Join(", ", changed);
            LogChanged(names);
        }

        var waiting = string.Join(", ", next.DifferencesTo(read));
        if (waiting != _waiting && waiting.Length > 0)
        {
            LogWaiting(waiting);
        }

        _waiting = waiting;
    }

    private static void Require(ServerSettings settings, string what)
    {
        if (settings.Problems.Count > 0)
        {
            throw new InvalidDataException($"{what}: {string.Join(' ', settings.Problems)}");
        }
    }

    [LoggerMessage(EventId = 1400, EventName = "SettingsChanged", Level = LogLevel.Information, Message = "Settings have changed: {Names}")]
    [LogMeaning("The settings named are others from now on.")]
    private partial void LogChanged(string names);

    [LoggerMessage(EventId = 1401, EventName = "SettingsWaiting", Level = LogLevel.Warning, Message = "Settings have changed that are taken when the server starts again: {Names}")]
    [LogMeaning("The settings named have changed in the file, but are taken when the server starts again.")]
    private partial void LogWaiting(string names);
}
