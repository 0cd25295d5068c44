namespace Mfn.Server.Storage;

/// <summary>Names a run, unguessably.</summary>
internal readonly record struct RunId(Guid Value)
{
    public static RunId Create() => new(Guid.NewGuid());

    /// <summary>Reads what <see cref="ToString"/> writes, and only that.</summary>
    public static bool TryParse(string text, out RunId id)
    {
        var isId = Guid.TryParseExact(text, "N", out var value);
        id = new RunId(value);
        return isId && id.ToString() == text;
    }

    public override string ToString() => Value.ToString("N");
}
