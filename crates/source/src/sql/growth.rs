//! Functions whose answer may be much larger than what they are given, as `repeat` is: they are asked in slices of rows
//! that cannot fill the memory, and refuse a value that is too large.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::compute::kernels::concat_elements::concat_elements_utf8;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, concat, max};
use datafusion::arrow::datatypes::{
    DataType, Field, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

/// The longest text or list that SQL may make, in bytes.
pub(super) const VALUE_BYTES_MAX: u64 = 64 << 10;
/// What one function may make of one batch of rows.
const BATCH_BYTES_MAX: u64 = 32 << 20;
/// What is asked for at once.
const SLICE_BYTES_MAX: u64 = 4 << 20;
/// A list's element takes at least so much.
const ELEMENT_BYTES: u64 = 8;
const NANOS_A_DAY: i64 = 86_400_000_000_000;

/// How large an answer may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// As large as all arguments together.
    Sum,
    /// As large as the first argument as often as the second one says.
    Times,
    /// So many characters as the second argument says.
    Padded,
    /// The third argument in the place of each character of the first one.
    Replaced,
    /// So many elements as the second argument says.
    Resized,
    /// From the first argument to the second one by steps of the third.
    Counted,
}

impl Growth {
    fn of(function: &str) -> Option<Self> {
        Some(match function {
            "concat" | "concat_ws" | "overlay" | "make_array" | "array_concat" | "array_append" | "array_prepend"
            | "array_to_string" => Self::Sum,
            "repeat" | "array_repeat" => Self::Times,
            "lpad" | "rpad" => Self::Padded,
            "replace" | "regexp_replace" => Self::Replaced,
            "array_resize" => Self::Resized,
            "range" | "generate_series" => Self::Counted,
            _ => return None,
        })
    }
}

/// A call of a function that may grow, guarded.
pub(super) fn guarded(call: ScalarFunction) -> Transformed<Expr> {
    match Growth::of(call.func.name()) {
        Some(growth) => {
            let guarded = Guarded { inner: Arc::clone(&call.func), growth };
            let func = Arc::new(ScalarUDF::new_from_impl(guarded));
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: call.args }))
        }
        None => Transformed::no(Expr::ScalarFunction(call)),
    }
}

/// `a || b` of texts as a guarded function of the same name; of lists it is `array_concat` already.
pub(super) fn guarded_operator(binary: BinaryExpr) -> Transformed<Expr> {
    if binary.op != Operator::StringConcat {
        return Transformed::no(Expr::BinaryExpr(binary));
    }
    let pipes = Arc::new(ScalarUDF::new_from_impl(Pipes::default()));
    let func = Arc::new(ScalarUDF::new_from_impl(Guarded { inner: pipes, growth: Growth::Sum }));
    Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: vec![*binary.left, *binary.right] }))
}

/// A function that looks at what it would make first.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Guarded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl ScalarUDFImpl for Guarded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let sizes = sizes(self.growth, &args)?;
        let all_alike = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        if all_alike || sizes.iter().sum::<u64>() <= SLICE_BYTES_MAX {
            refuse_giant(self.name(), &sizes)?;
            let made = self.inner.invoke_with_args(args)?;
            return refuse_large(self.name(), made);
        }
        self.in_slices(&args, &sizes)
    }
}

impl Guarded {
    fn in_slices(&self, args: &ScalarFunctionArgs, sizes: &[u64]) -> Result<ColumnarValue> {
        let (mut made, mut bytes, mut start) = (Vec::<ArrayRef>::new(), 0_u64, 0);
        while start < args.number_rows {
            let (mut end, mut slice) = (start + 1, sizes[start]);
            while end < args.number_rows && slice.saturating_add(sizes[end]) <= SLICE_BYTES_MAX {
                slice = slice.saturating_add(sizes[end]);
                end += 1;
            }
            refuse_giant(self.name(), &sizes[start..end])?;
            let part = self.inner.invoke_with_args(sliced(args, start, end - start))?;
            let part = refuse_large(self.name(), part)?.into_array(end - start)?;
            bytes += part.get_array_memory_size() as u64;
            if bytes > BATCH_BYTES_MAX {
                return exec_err!(
                    "`{}` makes more than {} MiB of {} rows; make its values shorter",
                    self.name(),
                    BATCH_BYTES_MAX >> 20,
                    args.number_rows
                );
            }
            made.push(part);
            start = end;
        }
        let parts: Vec<&dyn Array> = made.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}

/// The same call of fewer rows.
fn sliced(args: &ScalarFunctionArgs, start: usize, rows: usize) -> ScalarFunctionArgs {
    let of = |arg: &ColumnarValue| match arg {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(start, rows)),
        ColumnarValue::Scalar(value) => ColumnarValue::Scalar(value.clone()),
    };
    ScalarFunctionArgs { args: args.args.iter().map(of).collect(), number_rows: rows, ..args.clone() }
}

/// Refuses what cannot even be tried: a single answer that may fill a batch alone.
fn refuse_giant(function: &str, sizes: &[u64]) -> Result<()> {
    match sizes.iter().max() {
        Some(bytes) if *bytes > BATCH_BYTES_MAX => too_large(function),
        _ => Ok(()),
    }
}

/// Refuses an answer with a value that is longer than SQL may make one.
fn refuse_large(function: &str, made: ColumnarValue) -> Result<ColumnarValue> {
    let longest = match &made {
        ColumnarValue::Array(array) => lengths(array)?.and_then(|lengths| max(&lengths)),
        ColumnarValue::Scalar(value) => lengths(&value.to_array()?)?.and_then(|lengths| max(&lengths)),
    };
    match longest {
        Some(bytes) if bytes.unsigned_abs() > VALUE_BYTES_MAX => too_large(function),
        _ => Ok(made),
    }
}

fn too_large<T>(function: &str) -> Result<T> {
    exec_err!("`{function}` makes a value of more than {} KiB; make it shorter", VALUE_BYTES_MAX >> 10)
}

/// How large each row's answer may be, in bytes.
fn sizes(growth: Growth, args: &ScalarFunctionArgs) -> Result<Vec<u64>> {
    let rows = args.number_rows.max(1);
    let arg = |place: usize| args.args.get(place);
    let long = |place: usize| long(arg(place), rows);
    let count = |place: usize| count(arg(place), rows);
    let pairs = |one: Vec<u64>, other: Vec<u64>, of: fn(u64, u64) -> u64| {
        one.into_iter().zip(other).map(|(one, other)| of(one, other)).collect()
    };
    Ok(match growth {
        Growth::Sum => {
            let mut sum = vec![0; rows];
            for place in 0..args.args.len() {
                sum = pairs(sum, long(place)?, u64::saturating_add);
            }
            sum
        }
        Growth::Times => pairs(long(0)?, count(1)?, u64::saturating_mul),
        Growth::Padded => pairs(long(0)?, count(1)?, |text, wanted| wanted.saturating_mul(4).saturating_add(text)),
        Growth::Replaced => pairs(long(0)?, long(2)?, |text, new| {
            text.saturating_add(1).saturating_mul(new.saturating_mul(2).saturating_add(1)).saturating_add(text)
        }),
        Growth::Resized => pairs(count(1)?, long(2)?, |wanted, value| wanted.saturating_mul(value.max(ELEMENT_BYTES))),
        Growth::Counted => counted(&args.args, rows)?,
    })
}

/// The bytes of each row's argument; 8 for what has a fixed size, 0 for none.
fn long(arg: Option<&ColumnarValue>, rows: usize) -> Result<Vec<u64>> {
    let of = |array: &ArrayRef| {
        Ok(match lengths(array)? {
            Some(lengths) => lengths.iter().map(|bytes| bytes.unwrap_or(0).unsigned_abs()).collect(),
            None => vec![ELEMENT_BYTES; array.len()],
        })
    };
    match arg {
        None => Ok(vec![0; rows]),
        Some(ColumnarValue::Array(array)) => of(array),
        Some(ColumnarValue::Scalar(value)) => Ok(vec![of(&value.to_array()?)?[0]; rows]),
    }
}

/// The number that each row's argument is; 0 for none and for less.
fn count(arg: Option<&ColumnarValue>, rows: usize) -> Result<Vec<u64>> {
    let numbers = integers(arg, rows)?;
    Ok(numbers.into_iter().map(|number| u64::try_from(number.unwrap_or(0)).unwrap_or(0)).collect())
}

fn integers(arg: Option<&ColumnarValue>, rows: usize) -> Result<Vec<Option<i64>>> {
    let of = |array: &ArrayRef| -> Result<Vec<Option<i64>>> {
        Ok(match array.data_type() {
            DataType::Interval(_) => {
                let steps = cast(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
                let steps = steps.as_primitive::<IntervalMonthDayNanoType>();
                let nanos = |step: datafusion::arrow::datatypes::IntervalMonthDayNano| {
                    let days = i64::from(step.months) * 28 + i64::from(step.days);
                    days.saturating_mul(NANOS_A_DAY).saturating_add(step.nanoseconds)
                };
                steps.iter().map(|step| step.map(nanos)).collect()
            }
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
                let times = cast(&cast(array, &DataType::Timestamp(TimeUnit::Nanosecond, None))?, &DataType::Int64)?;
                times.as_primitive::<Int64Type>().iter().collect()
            }
            _ => cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().iter().collect(),
        })
    };
    match arg {
        None => Ok(vec![None; rows]),
        Some(ColumnarValue::Array(array)) => of(array),
        Some(ColumnarValue::Scalar(value)) => Ok(vec![of(&value.to_array()?)?[0]; rows]),
    }
}

fn counted(args: &[ColumnarValue], rows: usize) -> Result<Vec<u64>> {
    let (first, last) = if args.len() == 1 { (None, args.first()) } else { (args.first(), args.get(1)) };
    let bounds = integers(first, rows)?.into_iter().zip(integers(last, rows)?);
    let steps = integers(args.get(2), rows)?;
    let size = |((first, last), step): ((Option<i64>, Option<i64>), Option<i64>)| {
        let step = step.unwrap_or(1).unsigned_abs().max(1);
        let elements = last.unwrap_or(0).abs_diff(first.unwrap_or(0)) / step;
        elements.saturating_add(1).saturating_mul(ELEMENT_BYTES)
    };
    Ok(bounds.zip(steps).map(size).collect())
}

/// The bytes of each value; none where they are of a fixed size.
pub(super) fn lengths(array: &ArrayRef) -> Result<Option<Int64Array>> {
    let element = match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::LargeBinary => 1,
        DataType::List(_) => element_bytes(array.as_list::<i32>().values()),
        DataType::LargeList(_) => element_bytes(array.as_list::<i64>().values()),
        _ => return Ok(None),
    };
    let counted = cast(&length(array)?, &DataType::Int64)?;
    Ok(Some(counted.as_primitive::<Int64Type>().unary(|long: i64| long.saturating_mul(element))))
}

fn element_bytes(values: &ArrayRef) -> i64 {
    let each = values.get_array_memory_size().checked_div(values.len()).unwrap_or(0) as u64;
    i64::try_from(each.max(ELEMENT_BYTES)).unwrap_or(i64::MAX)
}

/// `a || b` of texts: null where either is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Pipes {
    signature: Signature,
}

impl Default for Pipes {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Pipes {
    fn name(&self) -> &str {
        "||"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [left, right] => Ok(format!("{} || {}", left.schema_name(), right.schema_name())),
            _ => exec_err!("`||` takes two texts"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, nullable)))
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Utf8; arg_types.len()])
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = &args.args[..] else { return exec_err!("`||` takes two texts") };
        let both_alike = matches!((left, right), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if both_alike { 1 } else { args.number_rows };
        let (left, right) = (left.clone().into_array(rows)?, right.clone().into_array(rows)?);
        let made = concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?;
        Ok(match both_alike {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?),
            false => ColumnarValue::Array(Arc::new(made)),
        })
    }
}
