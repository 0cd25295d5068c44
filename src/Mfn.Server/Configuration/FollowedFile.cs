using System.Globalization;
using Mfn.Server.Logging;

namespace Mfn.Server.Configuration;

/// <summary>
/// A small text file, or what a reference in its place stands for, that may be replaced while the server runs, or several that belong together. They are read again and again: what is announced of a mounted file that is
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
    private readonly FollowedInputs _inputs;
    private readonly FollowedInput _input;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private string[] _texts;
    private string[]? _unsettled;
    private bool _isInForce = true;

    /// <summary>Reads one file, and then follows it.</summary>
    /// <param name="name">The setting that names it.</param>
    /// <param name="path">The file, or a reference.</param>
    /// <param name="use">Takes a new text, or throws an <see cref="InvalidDataException"/> that says, without its subject, what is wrong with it.</param>
    /// <param name="inputs">Gets to know what is in force, and has the clock.</param>
    /// <param name="logger">Is told of each change, and of what could not be used.</param>
    /// <param name="inForce">What somebody has read there already, and uses; null to read and use it now.</param>
    /// <exception cref="InvalidDataException">The file cannot be used now.</exception>
    public FollowedFile(string name, string path, Action<string> use, FollowedInputs inputs, ILogger logger, string? inForce = null)
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
            mustSettle: false,
            inForce: inForce is null ? null : [inForce])
    {
    }

    /// <summary>Reads files that are used together, and then follows them.</summary>
    /// <param name="name">The setting that names them, or several.</param>
    /// <param name="paths">The files, or references.</param>
    /// <param name="use">
    /// Takes new texts and returns when they stop being good (null for never), or throws an <see cref="InvalidDataException"/> that says, without its subject, what is wrong with them.
    /// </param>
    /// <param name="inputs">Gets to know what is in force, and has the clock.</param>
    /// <param name="logger">Is told of each change, and of what could not be used.</param>
    /// <param name="mustSettle">
    /// Whether a change must be seen twice before it is used: of files whose beginning could be taken for the whole while they are written.
    /// </param>
    /// <param name="notice">How long before they stop being good somebody should know.</param>
    /// <param name="inForce">What somebody has read there already, and uses; null to read and use it now.</param>
    /// <exception cref="InvalidDataException">The files cannot be used now.</exception>
    public FollowedFile(
        string name,
        IReadOnlyList<string> paths,
        Func<IReadOnlyList<string>, DateTimeOffset?> use,
        FollowedInputs inputs,
        ILogger logger,
        bool mustSettle,
        TimeSpan notice = default,
        string[]? inForce = null)
    {
        (_paths, _use, _inputs, _logger, _mustSettle) = (paths, use, inputs, logger, mustSettle);
        DateTimeOffset? expires = null;
        if (inForce is not null)
        {
            _texts = inForce;
        }
        else if (Read(inputs.Secrets.ReadOrLast, out _texts) is { } problem)
        {
            throw new InvalidDataException(problem);
        }
        else
        {
            expires = use(_texts);
        }

        _input = inputs.Add(name, notice);
        _input.Take(expires);
        _timer = inputs.Clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
    }

    private string Paths => string.Join(" and ", _paths.Select(path => $"'{path}'"));

    private delegate string? Reader(string path, out string text);

    public void Dispose()
    {
        _timer.Dispose();
        _inputs.Remove(_input);
    }

    private void Look()
    {
        lock (_lock)
        {
            if (Read(_inputs.Secrets.Read, out var texts) is { } unread)
            {
                Report(unread);
                return;
            }

            var isKnown = texts.AsSpan().SequenceEqual(_texts);
            if (isKnown)
            {
                _unsettled = null;
                if (_input.Problem is null)
                {
                    _input.Confirm();
                }
                else if (TryUseAgain(texts))
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
                _inputs.Secrets.Counters.CountChange();
                LogChanged(Paths);
            }
        }
    }

    /// <summary>Several are read until they are what they were a moment ago: of a folder that is swapped they would else be some old and some new.</summary>
    private string? Read(Reader read, out string[] texts)
    {
        var problem = ReadOnce(read, out texts);
        for (var i = 1; i < MostReadings && problem is null && texts.Length > 1; i++)
        {
            var before = texts;
            problem = ReadOnce(read, out texts);
            if (texts.AsSpan().SequenceEqual(before))
            {
                break;
            }
        }

        return problem;
    }

    private string? ReadOnce(Reader read, out string[] texts)
    {
        texts = new string[_paths.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            if (read(_paths[i], out texts[i]) is { } problem)
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
        _inputs.Secrets.Counters.CountFailure();
        if (_input.Fail(problem))
        {
            var age = (_inputs.Clock.GetUtcNow() - _input.LastGood).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);
            LogUnusable(_input.Name, problem, age);
        }
    }

    [LoggerMessage(EventId = 1403, EventName = "InputChanged", Level = LogLevel.Information, Message = "{Paths} has changed and is in force")]
    [LogMeaning("A file or a secret has changed, and the server goes by what it has now.")]
    private partial void LogChanged(string paths);

    [LoggerMessage(EventId = 1404, EventName = "InputUsableAgain", Level = LogLevel.Information, Message = "{Paths} can be read again and is in force")]
    [LogMeaning("What could not be used can be used again.")]
    private partial void LogUsable(string paths);

    [LoggerMessage(EventId = 1405, EventName = "InputUnusable", Level = LogLevel.Error, Message = "{Setting} cannot be used, and what was read before stays in force: it {Problem} It was last good {Age} ago.")]
    [LogMeaning("A file or a secret has changed into something that cannot be used, or cannot be read: the server goes by what it had. Set it right; `mfn config check` says what is wrong.")]
    private partial void LogUnusable(string setting, string problem, string age);
}
