using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Mfn.Server.Web.Reference;

/// <summary>
/// Reads JSON as Python's <c>json</c> does: it takes NaN and infinities, halves of surrogate pairs and integers of any size, and says of what it does not take what
/// Python says. No reader that there is does either.
/// </summary>
internal ref struct PythonJsonReader
{
    // Python goes to about a thousand, and says then what is said here.
    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> _text;
    private int _at;
    private int _depth;

    /// <summary>Reads a text.</summary>
    /// <exception cref="ReferenceFaultException">It is not UTF-8.</exception>
    public PythonJsonReader(ReadOnlySpan<byte> text)
    {
        var mark = Encoding.UTF8.Preamble;
        _text = text.StartsWith(mark) ? text[mark.Length..] : text;
        if (!System.Text.Unicode.Utf8.IsValid(_text))
        {
            throw ReferenceFaultException.UnreadableBody();
        }
    }

    /// <summary>What comes next, which it stays before.</summary>
    public PythonJsonKind Next()
    {
        SkipSpace();
        return Peek() switch
        {
            '{' => PythonJsonKind.Object,
            '[' => PythonJsonKind.List,
            '"' => PythonJsonKind.Text,
            >= '0' and <= '9' => PythonJsonKind.Number,
            '-' when (_at + 1 < _text.Length && char.IsAsciiDigit((char)_text[_at + 1])) || Has("-Infinity"u8) => PythonJsonKind.Number,
            't' when Has("true"u8) => PythonJsonKind.True,
            'f' when Has("false"u8) => PythonJsonKind.False,
            'n' when Has("null"u8) => PythonJsonKind.Null,
            'N' when Has("NaN"u8) => PythonJsonKind.Number,
            'I' when Has("Infinity"u8) => PythonJsonKind.Number,
            _ => throw Fault("Expecting value"),
        };
    }

    /// <summary>Goes into an object or a list.</summary>
    public void Enter()
    {
        _at++;
        if (++_depth > MaxDepth)
        {
            throw ReferenceFaultException.UnreadableBody();
        }
    }

    /// <summary>Goes to the value of the next member of the object, or out of it if there is none.</summary>
    /// <param name="isFirst">Whether none has been read.</param>
    /// <param name="name">Its name, if it has one.</param>
    public bool NextMember(ref bool isFirst, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!MoveNext(ref isFirst, '}'))
        {
            return false;
        }

        SkipSpace();
        if (Peek() != '"')
        {
            throw Fault("Expecting property name enclosed in double quotes");
        }

        name = ReadRaw(out var isEscaped);
        name = isEscaped ? Encoding.UTF8.GetBytes(Unescape(name)) : name;
        SkipSpace();
        if (Peek() != ':')
        {
            throw Fault("Expecting ':' delimiter");
        }

        _at++;
        return true;
    }

    /// <summary>Goes to the next value of the list, or out of it if there is none.</summary>
    /// <param name="isFirst">Whether none has been read.</param>
    public bool NextItem(ref bool isFirst) => MoveNext(ref isFirst, ']');

    /// <summary>Reads a number; the integer is that of an integer of 64 bits.</summary>
    public (double Number, long? Integer) ReadNumber()
    {
        if (TryTake("NaN"u8))
        {
            return (double.NaN, null);
        }

        if (TryTake("Infinity"u8))
        {
            return (double.PositiveInfinity, null);
        }

        if (TryTake("-Infinity"u8))
        {
            return (double.NegativeInfinity, null);
        }

        var start = _at;
        _at += Peek() == '-' ? 1 : 0;
        if (Peek() == '0')
        {
            _at++;
        }
        else
        {
            TakeDigits();
        }

        var integers = _text[start.._at];
        var isInteger = true;
        if (Peek() == '.' && IsDigit(_at + 1))
        {
            _at++;
            TakeDigits();
            isInteger = false;
        }

        var signed = _at + 1 < _text.Length && _text[_at + 1] is (byte)'+' or (byte)'-' ? 1 : 0;
        if (Peek() is 'e' or 'E' && IsDigit(_at + 1 + signed))
        {
            _at += 1 + signed;
            TakeDigits();
            isInteger = false;
        }

        long? integer = isInteger && Utf8Parser.TryParse(integers, out long exact, out var used) && used == integers.Length ? exact : null;
        return (double.Parse(_text[start.._at], CultureInfo.InvariantCulture), integer);
    }

    /// <summary>Reads a text; half a surrogate pair in it is none of Unicode's characters.</summary>
    public string ReadText()
    {
        var raw = ReadRaw(out var isEscaped);
        return isEscaped ? Unescape(raw) : Encoding.UTF8.GetString(raw);
    }

    /// <summary>Goes behind the next value, whatever it is.</summary>
    public void Skip()
    {
        var isFirst = true;
        switch (Next())
        {
            case PythonJsonKind.Object:
                for (Enter(); NextMember(ref isFirst, out _);)
                {
                    Skip();
                }

                break;
            case PythonJsonKind.List:
                for (Enter(); NextItem(ref isFirst);)
                {
                    Skip();
                }

                break;
            case PythonJsonKind.Text:
                ReadRaw(out _);
                break;
            case PythonJsonKind.Number:
                ReadNumber();
                break;
            case PythonJsonKind.False:
                _at += "false"u8.Length;
                break;
            default:
                _at += "true"u8.Length;
                break;
        }
    }

    /// <summary>Makes sure that nothing but white space follows.</summary>
    public void End()
    {
        SkipSpace();
        if (_at < _text.Length)
        {
            throw Fault("Extra data");
        }
    }

    private bool MoveNext(ref bool isFirst, char end)
    {
        SkipSpace();
        if (Peek() == end)
        {
            _at++;
            _depth--;
            return false;
        }

        if (isFirst)
        {
            isFirst = false;
            return true;
        }

        if (Peek() != ',')
        {
            throw Fault("Expecting ',' delimiter");
        }

        _at++;

        // It must not be the last one.
        SkipSpace();
        return Peek() != end ? true : throw Fault(end == '}' ? "Expecting property name enclosed in double quotes" : "Expecting value");
    }

    private ReadOnlySpan<byte> ReadRaw(out bool isEscaped)
    {
        var quote = _at++;
        isEscaped = false;
        while (true)
        {
            switch (Peek())
            {
                case null:
                    throw FaultAt("Unterminated string starting at", quote);
                case '"':
                    _at++;
                    return _text[(quote + 1)..(_at - 1)];
                case '\\':
                    isEscaped = true;
                    TakeEscape(quote);
                    break;
                case < ' ':
                    throw Fault("Invalid control character at");
                default:
                    _at++;
                    break;
            }
        }
    }

    private void TakeEscape(int quote)
    {
        _at++;
        switch (Peek())
        {
            case null:
                throw FaultAt("Unterminated string starting at", quote);
            case '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't':
                _at++;
                break;
            case 'u':
                // There must be something behind it as well.
                const int Digits = 4;
                for (var i = 1; i <= Digits; i++)
                {
                    if (_at + Digits + 1 >= _text.Length || !char.IsAsciiHexDigit((char)_text[_at + i]))
                    {
                        throw Fault("Invalid \\uXXXX escape");
                    }
                }

                _at += Digits + 1;
                break;
            default:
                throw FaultAt("Invalid \\escape", _at - 1);
        }
    }

    // What has passed as it stands.
    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        var text = Encoding.UTF8.GetString(raw);
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            result.Append(text[i] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'u' => (char)Convert.ToUInt16(text.Substring(i + 1, 4), 16), var other => other });
            i += text[i] == 'u' ? 4 : 0;
        }

        return result.ToString();
    }

    private readonly char? Peek() => _at < _text.Length ? (char)_text[_at] : null;

    private readonly bool IsDigit(int at) => at < _text.Length && char.IsAsciiDigit((char)_text[at]);

    private readonly bool Has(ReadOnlySpan<byte> word) => _text[_at..].StartsWith(word);

    private bool TryTake(ReadOnlySpan<byte> word)
    {
        if (!Has(word))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private void TakeDigits()
    {
        while (IsDigit(_at))
        {
            _at++;
        }
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            _at++;
        }
    }

    private readonly PythonJsonException Fault(string fault) => FaultAt(fault, _at);

    private readonly PythonJsonException FaultAt(string fault, int at)
    {
        var before = _text[..at];
        var line = before[(before.LastIndexOf((byte)'\n') + 1)..];
        return new PythonJsonException(fault, CharactersIn(before), before.Count((byte)'\n') + 1, CharactersIn(line) + 1);
    }

    private static int CharactersIn(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var each in text)
        {
            count += (each & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }
}
