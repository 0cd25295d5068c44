using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Mfn.Server.Texts;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Calls;

/// <summary>
/// Keeps a refusal small enough for the headers that it travels in. A client that gets more than it takes, such as 8 KiB, ends the connection with all
/// the other calls on it.
/// </summary>
internal static class RefusalSize
{
    /// <summary>The most bytes of the headers that tell of a refusal: its message, percent-encoded, and its details in base64, with their names.</summary>
    public const int Most = 2048;

    // Of a message that does not name every problem, so that the details may name more.
    private const int MostOfMessage = 400;

    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";

    /// <summary>A message with nothing in it that does not print, cut to what there is room for beside its details.</summary>
    public static string Cut(StatusCode statusCode, string message, IReadOnlyList<IMessage> details) =>
        CallersText.Cut(CallersText.Show(message, Most), text => Of(statusCode, text, details) <= Most);

    /// <summary>
    /// The problems as a message and as its detail: all of them if there is room, else the first ones, of which the detail may have more, and the number
    /// of the others.
    /// </summary>
    public static (string Message, BadRequest Detail) Fit(IReadOnlyList<BadRequest.Types.FieldViolation> violations, int count)
    {
        var shown = violations.Select(Show).ToList();
        if (Fits(shown.Count, shown.Count))
        {
            return (Message(shown.Count), Detail(shown.Count));
        }

        var told = Largest(shown.Count, number => OfMessage(Message(number)) <= MostOfMessage);
        var listed = Largest(shown.Count, number => Fits(Math.Min(told, number), number));
        if (listed == 1)
        {
            var whole = shown[0].Description;
            shown[0].Description = CallersText.Cut(whole, description =>
            {
                shown[0].Description = description;
                return Fits(1, 1);
            });
        }

        return (Message(Math.Min(told, listed)), Detail(listed));

        bool Fits(int inMessage, int inDetail) => Of(StatusCode.InvalidArgument, Message(inMessage), [Detail(inDetail)]) <= Most;

        string Message(int number)
        {
            var text = string.Join(' ', shown.Take(number).Select(violation => $"{violation.Field} {violation.Description}."));
            return number == count ? text : $"{text} And {More(count - number)}.";
        }

        BadRequest Detail(int number)
        {
            var detail = new BadRequest { FieldViolations = { shown.Take(number) } };
            if (number < count)
            {
                detail.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = "request", Description = $"has {More(count - number)}" });
            }

            return detail;
        }
    }

    /// <summary>A message as it stands in its header.</summary>
    public static string PercentEncode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var unit in Encoding.UTF8.GetBytes(message))
        {
            _ = IsPlain(unit) ? encoded.Append((char)unit) : encoded.Append(CultureInfo.InvariantCulture, $"%{unit:X2}");
        }

        return encoded.ToString();
    }

    private static string More(int count) => count == 1 ? "1 more problem" : $"{count} more problems";

    private static BadRequest.Types.FieldViolation Show(BadRequest.Types.FieldViolation violation) => new()
    {
        Field = CallersText.Show(violation.Field, CallersText.LongestQuote),
        Description = CallersText.Show(violation.Description),
    };

    /// <summary>The largest number from 1 to the most that fits, if those below it do; 1 if none does.</summary>
    private static int Largest(int most, Func<int, bool> fits)
    {
        var least = 1;
        while (least < most)
        {
            var middle = (least + most + 1) / 2;
            (least, most) = fits(middle) ? (middle, most) : (least, middle - 1);
        }

        return least;
    }

    private static int Of(StatusCode statusCode, string message, IReadOnlyList<IMessage> details)
    {
        if (details.Count == 0)
        {
            return OfMessage(message);
        }

        var status = new RichStatus { Code = (int)statusCode, Message = message, Details = { details.Select(Any.Pack) } };
        return OfMessage(message) + DetailsHeader.Length + (4 * ((status.CalculateSize() + 2) / 3));
    }

    private static int OfMessage(string message)
    {
        var size = MessageHeader.Length;
        foreach (var rune in message.EnumerateRunes())
        {
            size += IsPlain(rune.Value) ? 1 : 3 * rune.Utf8SequenceLength;
        }

        return size;
    }

    private static bool IsPlain(int character) => character is >= 0x20 and <= 0x7e and not '%';
}
