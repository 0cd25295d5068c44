using Mfn.Server.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Configuration;

/// <summary>Files that change while somebody follows them, and what is known of them.</summary>
public sealed class FollowedFileTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly WallClock _clock = new(Start);
    private readonly FollowedInputs _inputs;
    private readonly ServerLog _log = new("Test");
    private readonly ILoggerFactory _loggers;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-followed-");
    private readonly List<string> _used = [];
    private readonly List<FollowedFile> _files = [];

    public FollowedFileTests()
    {
        _inputs = new FollowedInputs(_clock);
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
    }

    private FollowedInput Input => Assert.Single(_inputs.All);

    [Fact]
    public void OneFile_WrongThenMissingThenRight_KeepsTheLastGoodAndSaysSinceWhen()
    {
        Write("a", "one");
        Follow("a");
        Assert.Equal(("Test:A", Start, null, null), (Input.Name, Input.InForceSince, Input.Problem, Input.Note));

        Look();
        Write("a", "wrong");
        Look();
        Look();
        Assert.Equal((Start, Start + (2 * FollowedFile.Interval)), (Input.InForceSince, Input.FailingSince));
        Assert.Equal($"must be a file that can be used, but '{PathOf("a")}' is wrong.", Input.Problem);
        Assert.Equal(
            $"It must be a file that can be used, but '{PathOf("a")}' is wrong. What has been in force since 2026-11-28 12:00:00Z still is.", Input.Note);

        File.Delete(PathOf("a"));
        Look();
        Assert.Equal($"must be an existing file, but there is no '{PathOf("a")}'.", Input.Problem);
        Assert.Equal(Start + (2 * FollowedFile.Interval), Input.FailingSince);

        Write("a", "two");
        Look();
        Assert.Equal((null, null, Start + (5 * FollowedFile.Interval)), (Input.Problem, Input.FailingSince, Input.InForceSince));
        Assert.Equal(["one", "two"], _used);
        Assert.Equal(2, _log.Lines.Count(line => line.Message.StartsWith("Test:A cannot be used, and what was read before stays in force: it must be ", StringComparison.Ordinal)));
    }

    /// <summary>It is not another one only because it could not be read for a while.</summary>
    [Fact]
    public void OneFile_GoneAndBack_IsInForceSinceTheBeginning()
    {
        Write("a", "one");
        Follow("a");
        File.Delete(PathOf("a"));
        Look();
        Assert.NotNull(Input.Problem);

        Write("a", "one");
        Look();

        Assert.Equal((null, Start), (Input.Problem, Input.InForceSince));
        Assert.Equal(["one"], _used);
    }

    /// <summary>What is wrong with a text may be elsewhere: it is tried again.</summary>
    [Fact]
    public void OneFile_WrongForAWhile_IsTakenWhenItIsRight()
    {
        var isRight = true;
        Write("a", "one");
        Follow(texts => isRight ? null : throw new InvalidDataException("is early."), mustSettle: false, "a");
        isRight = false;
        Write("a", "two");
        Look();
        Assert.NotNull(Input.Problem);

        isRight = true;
        Look();

        Assert.Equal((null, Start + (2 * FollowedFile.Interval)), (Input.Problem, Input.InForceSince));
        Assert.Equal(["one", "two"], _used);
    }

    [Fact]
    public void Pair_OfWhichOneIsNew_StaysTheOldOneUntilBothFit()
    {
        Write("crt", "1");
        Write("key", "1");
        FollowPair();

        Write("crt", "2");
        Look();
        Look();
        Look();
        Assert.Equal($"must be a file that can be used, but '{PathOf("crt")}' and '{PathOf("key")}' do not fit.", Input.Problem);
        Assert.Equal(["1 1"], _used);
        Assert.Single(_log.Lines, line => line.Level == LogLevel.Error);

        Write("key", "2");
        Look();
        Look();
        Assert.Null(Input.Problem);
        Assert.Equal(["1 1", "2 2"], _used);
    }

    /// <summary>Of a bundle whose half is one too, half is never in force.</summary>
    [Fact]
    public void FileThatMustSettle_WhileItIsWritten_IsNotTaken()
    {
        Write("a", "1 2");
        Follow(_ => null, mustSettle: true, "a");

        Write("a", "3");
        Look();
        Write("a", "3 4");
        Look();
        Assert.Equal(["1 2"], _used);

        Look();
        Assert.Equal(["1 2", "3 4"], _used);
    }

    [Fact]
    public void Input_ThatExpires_IsNotedInTime()
    {
        Write("a", "one");
        Follow(_ => Start.AddDays(20), mustSettle: false, "a");
        Assert.Equal((Start.AddDays(20), null), (Input.Expires, Input.Note));

        _clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal("What is in force is good until 2026-12-18 12:00:00Z.", Input.Note);
        _clock.Advance(TimeSpan.FromDays(14));
        Assert.Equal("What is in force was good until 2026-12-18 12:00:00Z.", Input.Note);
    }

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _loggers.Dispose();
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private void Look() => _clock.Advance(FollowedFile.Interval);

    private void Follow(string name) => _files.Add(new FollowedFile(
        "Test:A", PathOf(name), text => _used.Add(text != "wrong" ? text : throw new InvalidDataException("is wrong.")), _inputs, _loggers.CreateLogger("Test")));

    private void FollowPair() => Follow(texts => texts[0] == texts[1] ? null : throw new InvalidDataException("do not fit."), mustSettle: true, "crt", "key");

    private void Follow(Func<IReadOnlyList<string>, DateTimeOffset?> check, bool mustSettle, params string[] names) => _files.Add(new FollowedFile(
        "Test:A",
        [.. names.Select(PathOf)],
        texts =>
        {
            var expires = check(texts);
            _used.Add(string.Join(' ', texts));
            return expires;
        },
        _inputs,
        _loggers.CreateLogger("Test"),
        mustSettle,
        TimeSpan.FromDays(14)));
}
