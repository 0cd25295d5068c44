namespace Mfn.Server.Configuration;

/// <summary>
/// A small text file that may be replaced while the server runs. It is read again and again: what is announced of a mounted file that is swapped by a
/// symbolic link does not come at all on some systems, or too early. What cannot be used leaves in force what was there before.
/// </summary>
internal sealed partial class FollowedFile : IDisposable
{
    /// <summary>How long a change may go unseen.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly Action<string> _use;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private string _text;
    private string? _problem;

    /// <summary>Reads the file, and then follows it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="use">Takes a new text, or throws an <see cref="InvalidDataException"/> that says, without its subject, what is wrong with it.</param>
    /// <param name="clock">Tells when to look.</param>
    /// <param name="logger">Is told of each change, and of what could not be used.</param>
    /// <exception cref="InvalidDataException">The file cannot be used now.</exception>
    public FollowedFile(string path, Action<string> use, TimeProvider clock, ILogger logger)
    {
        (_path, _use, _logger) = (path, use, logger);
        if (FileText.Read(path, out _text) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        use(_text);
        _timer = clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            if (FileText.Read(_path, out var text) is { } unread)
            {
                Report(unread);
                return;
            }

            if (text == _text)
            {
                if (_problem is not null && TryUse(text))
                {
                    LogUsable(_path);
                }

                return;
            }

            _text = text;
            if (TryUse(text))
            {
                LogChanged(_path);
            }
        }
    }

    private bool TryUse(string text)
    {
        try
        {
            _use(text);
            _problem = null;
            return true;
        }
        catch (InvalidDataException error)
        {
            Report($"'{_path}' {error.Message}");
            return false;
        }
    }

    // Once, not every two seconds.
    private void Report(string problem)
    {
        if (problem != _problem)
        {
            _problem = problem;
            LogUnusable(_path, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "'{Path}' has changed and is in force")]
    private partial void LogChanged(string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "'{Path}' can be read again and is in force")]
    private partial void LogUsable(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "'{Path}' cannot be used, and what was read before stays in force: it {Problem}")]
    private partial void LogUnusable(string path, string problem);
}
