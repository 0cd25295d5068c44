namespace Mfn.Server.Configuration;

/// <summary>
/// A small text file that may be replaced while the server runs, or several that belong together. They are read again and again: what is announced of a mounted file that is
/// swapped by a symbolic link does not come at all on some systems, or too early. What cannot be used leaves in force what was there before.
/// </summary>
internal sealed partial class FollowedFile : IDisposable
{
    /// <summary>How long a change may go unseen.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // A swap of a folder takes a moment; one who writes again and again is read when there is a pause.
    private const int MostReadings = 3;

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<string>, DateTimeOffset?> _use;
    private readonly bool _mustSettle;
    private readonly FollowedInput _input;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private string[] _texts;
    private string[]? _unsettled;
    private bool _isInForce = true;

    /// <summary>Reads one file, and then follows it.</summary>
    /// <param name="name">The setting that names it.</param>
    /// <param name="path">The file.</param>
    /// <param name="use">Takes a new text, or throws an <see cref="InvalidDataException"/> that says, without its subject, what is wrong with it.</param>
    /// <param name="inputs">Gets to know what is in force, and has the clock.</param>
    /// <param name="logger">Is told of each change, and of what could not be used.</param>
    /// <exception cref="InvalidDataException">The file cannot be used now.</exception>
    public FollowedFile(string name, string path, Action<string> use, FollowedInputs inputs, ILogger logger)
        : this(
            name,
            [path],
            texts =>
            {
                use(texts[0]);
                return null;
            },
            inputs,
            logger,
            mustSettle: false)
    {
    }

    /// <summary>Reads files that are used together, and then follows them.</summary>
    /// <param name="name">The setting that names them, or several.</param>
    /// <param name="paths">The files.</param>
    /// <param name="use">
    /// Takes new texts and returns when they stop being good (null for never), or throws an <see cref="InvalidDataException"/> that says, without its subject, what is wrong with them.
    /// </param>
    /// <param name="inputs">Gets to know what is in force, and has the clock.</param>
    /// <param name="logger">Is told of each change, and of what could not be used.</param>
    /// <param name="mustSettle">
    /// Whether a change must be seen twice before it is used: of files whose beginning could be taken for the whole while they are written.
    /// </param>
    /// <param name="notice">How long before they stop being good somebody should know.</param>
    /// <exception cref="InvalidDataException">The files cannot be used now.</exception>
    public FollowedFile(
        string name,
        IReadOnlyList<string> paths,
        Func<IReadOnlyList<string>, DateTimeOffset?> use,
        FollowedInputs inputs,
        ILogger logger,
        bool mustSettle,
        TimeSpan notice = default)
    {
        (_paths, _use, _logger, _mustSettle) = (paths, use, logger, mustSettle);
        if (Read(out _texts) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        var expires = use(_texts);
        _input = inputs.Add(name, notice);
        _input.Take(expires);
        _timer = inputs.Clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
    }

    private string Paths => string.Join(" and ", _paths.Select(path => $"'{path}'"));

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            if (Read(out var texts) is { } unread)
            {
                Report(unread);
                return;
            }

            var isKnown = texts.AsSpan().SequenceEqual(_texts);
            if (isKnown)
            {
                _unsettled = null;
                if (_input.Problem is not null && TryUseAgain(texts))
                {
                    LogUsable(Paths);
                }

                return;
            }

            if (_mustSettle && _unsettled?.AsSpan().SequenceEqual(texts) != true)
            {
                _unsettled = texts;
                return;
            }

            (_texts, _unsettled) = (texts, null);
            if (TryUse(texts))
            {
                LogChanged(Paths);
            }
        }
    }

    /// <summary>Several are read until they are what they were a moment ago: of a folder that is swapped they would else be some old and some new.</summary>
    private string? Read(out string[] texts)
    {
        var problem = ReadOnce(out texts);
        for (var i = 1; i < MostReadings && problem is null && texts.Length > 1; i++)
        {
            var before = texts;
            problem = ReadOnce(out texts);
            if (texts.AsSpan().SequenceEqual(before))
            {
                break;
            }
        }

        return problem;
    }

    private string? ReadOnce(out string[] texts)
    {
        texts = new string[_paths.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            if (FileText.Read(_paths[i], out texts[i]) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    // It could not be read for a while, or what it depends on may have changed.
    private bool TryUseAgain(string[] texts)
    {
        if (!_isInForce)
        {
            return TryUse(texts);
        }

        _input.Confirm();
        return true;
    }

    private bool TryUse(string[] texts)
    {
        try
        {
            _input.Take(_use(texts));
            _isInForce = true;
            return true;
        }
        catch (InvalidDataException error)
        {
            _isInForce = false;
            Report($"must be a file that can be used, but {Paths} {error.Message}");
            return false;
        }
    }

    // Once, not every two seconds.
    private void Report(string problem)
    {
        if (_input.Fail(problem))
        {
            LogUnusable(_input.Name, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Paths} has changed and is in force")]
    private partial void LogChanged(string paths);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Paths} can be read again and is in force")]
    private partial void LogUsable(string paths);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Setting} cannot be used, and what was read before stays in force: it {Problem}")]
    private partial void LogUnusable(string setting, string problem);
}
