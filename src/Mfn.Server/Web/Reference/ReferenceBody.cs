using System.Globalization;

namespace Mfn.Server.Web.Reference;

/// <summary>The members of a body that an endpoint knows, the last of each name; it passes over others, as the reference does.</summary>
/// <param name="names">What it knows.</param>
/// <param name="problems">Gets what is wrong.</param>
internal sealed class ReferenceBody(IReadOnlyList<string> names, BodyProblems problems)
{
    private readonly BodyValue[] _values = new BodyValue[names.Count];

    /// <summary>Whether the body is an object; if not, that is the problem.</summary>
    public bool IsObject { get; private set; }

    /// <summary>What is wrong.</summary>
    public BodyProblems Problems => problems;

    /// <summary>The rows of a list of lists, if one is known.</summary>
    public GradientRows? Rows { get; init; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="PythonJsonException">It is not JSON.</exception>
    public void Read(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            problems.Add(BodyProblemKind.Missing, null);
            return;
        }

        var reader = new PythonJsonReader(text);
        var kind = reader.Next();
        if (kind == PythonJsonKind.Object)
        {
            IsObject = true;
            ReadMembers(ref reader);
        }
        else
        {
            reader.Skip();
            problems.Add(kind == PythonJsonKind.Null ? BodyProblemKind.Missing : BodyProblemKind.NotObject, null);
        }

        reader.End();
    }

    /// <summary>An integer, or its default; something, and a problem, if it is not in the range.</summary>
    public long Integer(string name, long byDefault, long least, long most)
    {
        var value = Find(name);
        if (!value.IsGiven || IsNull(value, name))
        {
            return byDefault;
        }

        if (value.ToInteger(out var isBeyond) is not { } integer)
        {
            problems.Add(BodyProblemKind.NotInteger, null, name);
        }
        else if (integer < least)
        {
            problems.Add(BodyProblemKind.TooSmall, least.ToString(CultureInfo.InvariantCulture), name);
        }
        else if (integer > most || isBeyond)
        {
            problems.Add(BodyProblemKind.TooLarge, most.ToString(CultureInfo.InvariantCulture), name);
        }
        else
        {
            return integer;
        }

        return byDefault;
    }

    /// <summary>A number, or its default; something, and a problem, if it is not in the range.</summary>
    public double Number(string name, double byDefault, double least, double most)
    {
        var value = Find(name);
        if (!value.IsGiven || IsNull(value, name))
        {
            return byDefault;
        }

        // NaN is at no side of anything.
        if (value.ToNumber() is not { } number)
        {
            problems.Add(BodyProblemKind.NotNumber, null, name);
        }
        else if (!(number >= least))
        {
            problems.Add(BodyProblemKind.TooSmall, PythonNumber.Format(least), name);
        }
        else if (number > most)
        {
            problems.Add(BodyProblemKind.TooLarge, PythonNumber.Format(most), name);
        }
        else
        {
            return number;
        }

        return byDefault;
    }

    /// <summary>A number above 0, which may be infinite, and must be given; something, and a problem, if it is not.</summary>
    public double Positive(string name)
    {
        var value = Find(name);
        if (!value.IsGiven)
        {
            problems.Add(BodyProblemKind.Missing, null, name);
        }
        else if (!IsNull(value, name))
        {
            if (value.ToNumber() is not { } number)
            {
                problems.Add(BodyProblemKind.NotNumber, null, name);
            }
            else if (number > 0)
            {
                return number;
            }
            else
            {
                problems.Add(BodyProblemKind.NotAbove, "0", name);
            }
        }

        return double.NaN;
    }

    /// <summary>A flag, or its default; something, and a problem, if it is none.</summary>
    public bool Flag(string name, bool byDefault)
    {
        var value = Find(name);
        if (!value.IsGiven || IsNull(value, name))
        {
            return byDefault;
        }

        if (value.ToFlag() is not { } flag)
        {
            problems.Add(BodyProblemKind.NotFlag, null, name);
            return byDefault;
        }

        return flag;
    }

    private bool IsNull(BodyValue value, string name)
    {
        if (value.IsNull)
        {
            problems.Add(BodyProblemKind.IsNull, null, name);
        }

        return value.IsNull;
    }

    private BodyValue Find(string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (ReferenceEquals(names[i], name) || names[i] == name)
            {
                return _values[i];
            }
        }

        throw new ArgumentException("The body has no such member.", nameof(name));
    }

    private void ReadMembers(ref PythonJsonReader reader)
    {
        var isFirst = true;
        for (reader.Enter(); reader.NextMember(ref isFirst, out var name);)
        {
            if (Rows is not null && name.SequenceEqual(GradientRows.Name))
            {
                Rows.Read(ref reader);
            }
            else if (IndexOf(name) is var index and >= 0)
            {
                _values[index] = BodyValue.Read(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (System.Text.Ascii.Equals(name, names[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
